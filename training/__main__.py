"""`python -m training`: train, calibrate and export in one go; stopped and started again, it goes on where it was."""

import argparse
from pathlib import Path

from training import calibrate, export, train
from training.manifest import DEFAULT_FOLDER


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("--data", type=Path, default=DEFAULT_FOLDER, help="folder that holds manifest.csv")
    parser.add_argument("--run", type=Path, default=train.DEFAULT_RUN, help="folder of the checkpoint and curves")
    options = parser.parse_args()
    shared = ["--data", str(options.data), "--run", str(options.run)]
    for step in (train, calibrate, export):
        step.main(shared)


if __name__ == "__main__":
    main()
