"""Support for the tests of the programs: a protocol client, a porterd to start, a terminal, a scripted server."""
