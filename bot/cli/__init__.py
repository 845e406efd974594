"""The commands of `ruang-aman`, one file a group."""
