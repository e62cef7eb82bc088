"""Prints a CloudFormation template that is written in YAML, with its short forms, as JSON."""

import json
import pathlib
import sys

from samtranslator.yaml_helper import yaml_parse


def main():
    print(json.dumps(yaml_parse(pathlib.Path(sys.argv[1]).read_text())))


main()
