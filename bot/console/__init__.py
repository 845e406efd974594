"""The console at /console: for counsellors and leads, in a browser that holds their keys."""
