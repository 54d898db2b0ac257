"""judge_by_schema.py SCHEMA FILE...: prints "FILE<tab>why" for each file that the JSON schema refuses."""
import json
import re
import sys

import jsonschema
import yaml


class Core(yaml.SafeLoader):
    """YAML 1.2 core schema: PyYAML itself reads 1.1, where 09:00 and yes are not text."""


Core.yaml_implicit_resolvers = {}
for tag, pattern in (
    ("null", r"^(~|null|Null|NULL|)$"),
    ("bool", r"^(true|True|TRUE|false|False|FALSE)$"),
    ("int", r"^([-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$"),
    ("float", r"^([-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$"),
):
    Core.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), None)

with open(sys.argv[1], encoding="utf-8") as schema_file:
    schema = json.load(schema_file)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
for name in sys.argv[2:]:
    try:
        with open(name, encoding="utf-8") as file:
            error = next(validator.iter_errors(yaml.load(file, Loader=Core)), None)
    except yaml.YAMLError:
        continue
    if error is not None:
        print(name, error.message.replace("\n", " "), sep="\t")
