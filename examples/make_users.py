"""Writes users.csv, the 20,000 made-up users that the demo registers; the same ones every time.

Run it as `python examples/make_users.py examples/users.csv`.
"""

from __future__ import annotations

import csv
import hashlib
import sys
from pathlib import Path

COUNT = 20_000

FIRST_NAMES = (
    "Ada Aiko Amara Ana Arun Bela Bram Carla Chen Dara Dina Edgar Elif Emil Esra Farid Fay Finn Gita Hana Hugo "
    "Ida Ines Ivo Jana Jonas Juno Kai Kemi Lars Lea Lina Luca Mai Marta Mila Nadia Nils Noor Olga Omar Otto "
    "Pia Rafa Rosa Ruth Sami Sara Sven Tara Theo Tomas Uma Vera Wanda Wim Xenia Yara Yuki Zoe"
)
LAST_NAMES = (
    "Abe Adler Baker Bauer Bianchi Blom Boateng Brandt Castro Cohen Costa Diaz Dubois Eriksen Farah Fischer "
    "Garcia Gupta Haas Hansen Horvat Ito Jansen Kaya Khan Kim Kovac Lang Larsen Lopez Maier Mensah Mori Nagy "
    "Nguyen Novak Okafor Olsen Park Perez Petrov Popescu Rossi Roy Sato Silva Singh Sosa Tan Vogel Weber Wolf "
    "Yilmaz Zhang"
)


def user(number: int) -> tuple[str, str, str]:
    """Make the user of a number: name, password, nickname."""
    firsts, lasts = FIRST_NAMES.split(), LAST_NAMES.split()
    first = firsts[number % len(firsts)]
    last = lasts[number // len(firsts) % len(lasts)]
    password = hashlib.sha256(f"user {number}".encode()).hexdigest()[:10]
    return f"{first}.{last}.{number}".lower(), password, f"{first} {last}"


def main(path: str) -> None:
    """Write the file."""
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("username", "password", "nickname"))
        writer.writerows(map(user, range(COUNT)))


if __name__ == "__main__":
    match sys.argv:
        case [_, target]:
            main(target)
        case _:
            sys.exit("usage: python examples/make_users.py FILE")
