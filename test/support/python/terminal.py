"""Runs a command at a terminal of so many columns, and prints what it writes there. A number on
standard input is a new width.

usage: terminal.py COLUMNS COMMAND...
"""

import fcntl
import os
import pty
import select
import struct
import sys
import termios


def resize(terminal: int, columns: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))


child, terminal = pty.fork()
if child == 0:
    resize(0, int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])
sources = [terminal, 0]
while True:
    ready, _, _ = select.select(sources, [], [])
    if 0 in ready:
        said = os.read(0, 100)
        if said:
            resize(terminal, int(said))
        else:
            sources.remove(0)
    if terminal in ready:
        try:
            written = os.read(terminal, 65536)
        except OSError:
            break
        if not written:
            break
        os.write(1, written)
_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status))
