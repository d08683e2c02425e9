"""The parts of tools/prove/container: the Dockerfile's instructions, trees that they make, and a porterd that runs."""
