"""Prints the CloudFormation that AWS's own translator makes of a SAM template: what `sam deploy` has made on AWS's side."""

import json
import os
import pathlib
import sys

# The translator asks the SDK for a region, and for nothing else.
os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse


def main():
    template, parameters = pathlib.Path(sys.argv[1]), json.loads(sys.argv[2])
    source = yaml_parse(template.read_text())
    for resource in source["Resources"].values():
        # `sam package` uploads the folder and puts an address here; the translator wants one.
        resource["Properties"]["CodeUri"] = "s3://bucket/hello.zip"
    translator = Translator(managed_policy_map={}, sam_parser=Parser())
    print(json.dumps(translator.translate(source, parameters)))


main()
