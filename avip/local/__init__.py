"""What `make` starts on one machine: embedded servers, the demonstration, the tests."""
