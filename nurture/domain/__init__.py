"""The rules, as plain Python without Django. Time is an argument; naive datetimes are refused."""
