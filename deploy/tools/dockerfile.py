"""Prints the instructions of a Dockerfile, in order."""

import json
import sys

from dockerfile_parse import DockerfileParser


def main():
    # Not through the file's own folder: the parser would want to write there.
    with open(sys.argv[1], "rb") as file:
        parser = DockerfileParser(fileobj=file)
        structure = parser.structure
    instructions = [line for line in structure if line["instruction"] != "COMMENT"]
    print(json.dumps([[line["instruction"], line["value"]] for line in instructions]))


main()
