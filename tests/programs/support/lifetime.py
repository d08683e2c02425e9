"""What a test has started ends with it, however it ends: also by a kill."""
import os
import subprocess

# Before a command. The kernel kills it when the thread that has started it ends.
ENDS_WITH_TEST = ("setpriv", "--pdeathsig", "KILL", "--")


def afterwards(*command):
    """Runs a command when this process has ended. No kill of its group or of its children prevents that."""
    read, write = os.pipe()  # `write` stays open, and is not inherited: the kernel closes it at the end
    subprocess.run(["setsid", "--fork", "sh", "-c", 'read -r _; exec "$@"', "sh", *map(str, command)], stdin=read,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", check=True)
    os.close(read)
    return write
