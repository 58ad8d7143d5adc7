#!/usr/bin/env python3
"""What can be had of Sudoku without learning: the floors beside which trained networks are to be seen.

    python3 benches/singles.py FOLDER          # with *test*.csv, plain or gzip, of 4 x 4, 6 x 6 or 9 x 9

Copying what is given makes so many cells right; filling cells that only one digit fits solves so many grids; so does filling besides
what only one cell of a row, column or box has room for.
"""

import gzip
import sys
from pathlib import Path

BOXES = {4: (2, 2), 6: (2, 3), 9: (3, 3)}


def lines(side):
    """The cells of all rows, columns and boxes."""
    rows, columns = BOXES[side]
    numbers = range(side)
    boxes = [
        [(top + r) * side + left + c for r in range(rows) for c in range(columns)]
        for top in range(0, side, rows)
        for left in range(0, side, columns)
    ]
    return [[r * side + c for c in numbers] for r in numbers] + [[r * side + c for r in numbers] for c in numbers] + boxes


def single(grid, all_lines, seen, hidden):
    """A cell and its only digit, if there is one."""
    digits = set(range(1, len(all_lines) // 3 + 1))
    free = {cell: digits - {grid[other] for other in seen[cell]} for cell, digit in enumerate(grid) if digit == 0}
    for cell, fits in free.items():
        if len(fits) == 1:
            return cell, min(fits)
    for line in all_lines if hidden else []:
        for digit in digits:
            room = [cell for cell in line if digit in free.get(cell, ())]
            if len(room) == 1:
                return room[0], digit
    return None


def solved(given, all_lines, seen, hidden):
    """The grid with all singles filled."""
    grid = list(given)
    while found := single(grid, all_lines, seen, hidden):
        grid[found[0]] = found[1]
    return grid


def main():
    path = sorted(Path(sys.argv[1]).glob("*test*.csv*"))[0]
    text = (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).decode()
    puzzles = [[[int(d) for d in grid.replace(".", "0")] for grid in line.split(",")[:2]] for line in text.split()[1:]]
    side = round(len(puzzles[0][0]) ** 0.5)
    all_lines = lines(side)
    seen = [{other for line in all_lines if cell in line for other in line} for cell in range(side * side)]
    cells = [digit > 0 for given, _ in puzzles for digit in given]
    print(f"{len(puzzles)} puzzles of {path.name}: {sum(cells) / len(cells):.1%} of the cells are given")
    for hidden, what in ((False, "cells that one digit fits"), (True, "those and digits that one cell has room for")):
        right = sum(solved(given, all_lines, seen, hidden) == solution for given, solution in puzzles)
        print(f"{right / len(puzzles):.1%} of the grids by {what}")


if __name__ == "__main__":
    main()
