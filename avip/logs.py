"""What a log may hold: no secret of an address, whatever wrote the line."""

import logging
import re

SECRET = re.compile(r"[\w:-]{40,}")  # longer than an identifier: a token, signed or drawn


class WithoutTokens(logging.Filter):
    """Replaces the tokens of links by « … » before a line is written."""

    def filter(self, record):
        record.msg, record.args = SECRET.sub("…", record.getMessage()), ()
        return True
