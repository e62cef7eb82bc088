"""Whether Slack would take messages, as its own SDK knows it: `slack.py BODY...`, each a file.

Prints, as one JSON object, what is wrong with them (`mistakes`): limits that are passed, and fields that the SDK does not know.
"""

import json
import sys

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block


def main():
    mistakes = []
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            message = json.load(file)
        lists = [message["blocks"], *(attachment["blocks"] for attachment in message["attachments"])]
        mistakes += [mistake for blocks in lists for block in blocks for mistake in wrong(block)]
    print(json.dumps({"mistakes": mistakes}))


def wrong(block):
    known = Block.parse(block)
    if known is None:
        return [f"no block: {block}"]
    try:
        known.validate_json()
    except SlackObjectFormationError as error:
        return [f"{error}: {block}"]
    return [] if known.to_dict() == block else [f"known is but {known.to_dict()}: {block}"]


main()
