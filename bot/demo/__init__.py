"""What `ruang-aman demo` shows beside the service. None of it exists under `serve`."""
