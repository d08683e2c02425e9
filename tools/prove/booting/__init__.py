"""The parts of tools/prove/booted: containers, the commands of the pages, and the steps of two pages."""
