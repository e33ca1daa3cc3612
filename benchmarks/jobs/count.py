"""Counts tokens: a JSON list of texts on stdin, the list of their lengths in tokens on stdout.

Run with the tokenizer's own environment. The vocabulary is in the package: nothing is fetched.
"""

import json
import sys

import bpe_openai

if __name__ == "__main__":
    encoding = bpe_openai.get_encoding(sys.argv[1])
    texts = json.loads(sys.stdin.buffer.read().decode("utf-8"))
    print(json.dumps([len(encoding.encode_ordinary(text)) for text in texts]))
