"""Types into a shell on a terminal of its own: press_keys.py FOLDER SHELL... KEYS WANTED

FOLDER goes before PATH. KEYS are typed once the shell asks for a command; the exit code is 0 as soon as WANTED is on the terminal.
"""
import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time

folder, *shell, keys, wanted = sys.argv[1:]
PROMPT = "ready-to-read> "
SECONDS = 150
pid, terminal = pty.fork()
if pid == 0:
    os.environ["PATH"] = folder + ":" + os.environ["PATH"]
    os.environ["HOME"] = os.environ["XDG_CONFIG_HOME"] = os.environ["XDG_DATA_HOME"] = folder
    os.environ["TERM"] = "dumb" if shell[0] != "fish" else "xterm"
    os.execvp(shell[0], shell)

# So wide that no line is scrolled or broken.
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 400, 0, 0))
seen = ""
deadline = time.monotonic() + SECONDS


def until(text):
    global seen
    while text not in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[()][0-9A-B]|\r|\x07", "", seen):
        if time.monotonic() > deadline or not select.select([terminal], [], [], SECONDS)[0]:
            sys.exit(f"{text!r} did not come:\n{seen}")
        try:
            seen += os.read(terminal, 65536).decode(errors="replace")
        except OSError:
            sys.exit(f"The shell ended before {text!r} came:\n{seen}")


until(PROMPT)
seen = ""
os.write(terminal, keys.encode())
until(wanted)
os.close(terminal)
