"""Google's own SQL analyser and reference evaluator behind a pipe: JSON lines in, JSON lines out.

Runs in an environment of its own (`zetasql` wants another protobuf than the library's other tests); it knows nothing of
the library. Compiling the WebAssembly takes some 15 seconds, so the compiled module is kept in the folder given.

    {"op": "tables", "tables": {"ds.name": [["id", "INT64"], …]}}   adds or replaces tables of the catalogue
    {"op": "columns", "name": …}   → {"columns": …} of a table of the catalogue
    {"op": "analyse", "sql": …}     → {"kind": "query", "columns": [["id", "INT64"], …]}
    {"op": "evaluate", "sql": …, "rows": {"name": [[…], …]}} → {"columns": …, "rows": [[…], …]}
    anything that Google refuses    → {"error": its words}
"""

from __future__ import annotations

import ctypes
import datetime
import json
import sys
from decimal import Decimal
from pathlib import Path

import wasmtime
from zetasql.core.local_service import ZetaSqlLocalService
from zetasql.core.wasm_client import WasmClient
from zetasql.types import LanguageFeature, LanguageOptions
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as local
from zetasql.wasi._pb2.zetasql.proto import options_pb2, simple_catalog_pb2
from zetasql.wasi._pb2.zetasql.public import type_pb2

MODULE = Path(sys.argv[1]) / "zetasql.cwasm"
_from_file = wasmtime.Module.from_file


def compiled(engine, path):
    if not MODULE.exists():
        part = MODULE.with_suffix(".part")
        part.write_bytes(_from_file(engine, path).serialize())
        part.replace(MODULE)
    return wasmtime.Module.deserialize_file(engine, str(MODULE))


wasmtime.Module.from_file = staticmethod(compiled)


def write_bytes(self, at, data):
    base = ctypes.cast(self.memory.data_ptr(), ctypes.c_void_p).value
    ctypes.memmove(base + at, data, len(data))


def read_bytes(self, at, size):
    return ctypes.string_at(ctypes.cast(self.memory.data_ptr(), ctypes.c_void_p).value + at, size)


WasmClient.write_bytes, WasmClient.read_bytes = write_bytes, read_bytes  # theirs go byte by byte

# What the language can do and BigQuery does not (or not for everybody).
NOT_IN_BIGQUERY = """AGGREGATE_FILTERING BARE_ARRAY_ACCESS CONCAT_MIXED_TYPES LATERAL_JOIN MULTILEVEL_AGGREGATION
    MULTILEVEL_AGGREGATION_ON_UDAS LIMIT_OFFSET_EXPRESSIONS ARRAY_EQUALITY ARRAY_ORDERING GROUP_BY_ARRAY
    ARRAY_GREATEST_LEAST STRUCT_POSITIONAL_ACCESSOR INLINE_LAMBDA_ARGUMENT ARRAY_FIND_FUNCTIONS FIRST_AND_LAST_N
    ARRAY_AGGREGATION_FUNCTIONS CORRESPONDING CORRESPONDING_FULL BY_NAME TIMESTAMP_NANOS TIMESTAMP_PICOS UUID_TYPE
    NULLIFZERO_ZEROIFNULL MATCH_RECOGNIZE EXTENDED_TYPES DATE_TIME_CONSTRUCTORS CAST_DIFFERENT_ARRAY_TYPES
    JSON_TYPE_COMPARISON ENABLE_MEASURES PROTO_MAPS FOR_UPDATE REPEAT_""".split()
KINDS = {name.removeprefix("TYPE_"): number for name, number in type_pb2.TypeKind.items()}
KINDS["FLOAT64"] = KINDS["DOUBLE"]
NAMES = {number: name for name, number in KINDS.items()}


def language():
    wanted = LanguageOptions.maximum_features().to_proto()
    found = options_pb2.LanguageOptionsProto()
    found.CopyFrom(wanted)
    del found.enabled_language_features[:]
    left_out = {f"FEATURE_{name}" for name in NOT_IN_BIGQUERY} | {f"FEATURE_V_1_4_{name}" for name in NOT_IN_BIGQUERY}
    for feature in wanted.enabled_language_features:
        if LanguageFeature(feature).name not in left_out:
            found.enabled_language_features.append(feature)
    found.product_mode = 1  # external: no INT32, no DOUBLE
    del found.supported_statement_kinds[:]
    return found


class Analyser:
    def __init__(self):
        self.client = ZetaSqlLocalService.get_instance().wasm_client
        self.language = language()
        self.tables = {}
        self.options = options_pb2.AnalyzerOptionsProto()
        self.options.language_options.CopyFrom(self.language)
        self.options.allow_undeclared_parameters = True
        self.options.default_timezone = "UTC"

    def catalogue(self):
        catalog = simple_catalog_pb2.SimpleCatalogProto(name="root")
        catalog.builtin_function_options.language_options.CopyFrom(self.language)
        inner = {}
        for path, columns in self.tables.items():
            *folders, name = path.split(".")
            at = catalog
            for depth in range(len(folders)):
                key = tuple(folders[: depth + 1])
                if key not in inner:
                    inner[key] = at.catalog.add(name=folders[depth])
                at = inner[key]
            table = at.table.add(name=name)
            for column, kind in columns:
                made = table.column.add(name=column, is_writable_column=True)
                made.type.CopyFrom(type_of(kind))
        return catalog

    def tables_(self, tables):
        self.tables.update(tables)
        return {"tables": len(self.tables)}

    def columns(self, name):
        return {"columns": self.tables[name]}

    def analyse(self, sql):
        request = local.AnalyzeRequest(sql_statement=sql)
        request.options.CopyFrom(self.options)
        request.simple_catalog.CopyFrom(self.catalogue())
        found = self.client.call_grpc_func("ZetaSqlLocalService_Analyze", request, local.AnalyzeResponse)
        inner, kind = found.resolved_statement, ""
        while "node" in inner.DESCRIPTOR.oneofs_by_name:  # a statement, a statement that creates, …
            kind = inner.WhichOneof("node")
            inner = getattr(inner, kind)
        columns = [[one.name, said(one.column.type)] for one in columns_of(inner)]
        return {"kind": kind.removeprefix("resolved_").removesuffix("_node").removesuffix("_stmt"), "columns": columns}

    def evaluate(self, sql, rows):
        request = local.PrepareQueryRequest(sql=sql)
        request.options.CopyFrom(self.options)
        wanted = {name: self.tables[name] for name in rows}
        kept, self.tables = self.tables, wanted
        request.simple_catalog.CopyFrom(self.catalogue())
        self.tables = kept
        for name, table in rows.items():
            kinds = [type_of(kind) for _, kind in wanted[name]]
            for row in table:
                made = request.table_content[name].table_data.row.add()
                for value, kind in zip(row, kinds, strict=True):
                    put(made.cell.add(), value, kind)
            request.table_content[name].table_data.SetInParent()
        prepared = self.client.call_grpc_func("ZetaSqlLocalService_PrepareQuery", request, local.PrepareQueryResponse)
        number, columns = prepared.prepared.prepared_query_id, prepared.prepared.columns
        try:
            asked = local.EvaluateQueryRequest(prepared_query_id=number)
            found = self.client.call_grpc_func("ZetaSqlLocalService_EvaluateQuery", asked, local.EvaluateQueryResponse)
        finally:
            self.client.call_grpc_func(
                "ZetaSqlLocalService_UnprepareQuery", local.UnprepareQueryRequest(prepared_query_id=number)
            )
        kinds = [column.type for column in columns]
        data = [
            [plain(cell, kind) for cell, kind in zip(row.cell, kinds, strict=True)]
            for row in found.content.table_data.row
        ]
        return {"columns": [[column.name, said(column.type)] for column in columns], "rows": data}


def columns_of(statement):
    """The columns of a result, or of a table that is made from one."""
    return statement.output_column_list if "output_column_list" in statement.DESCRIPTOR.fields_by_name else ()


# -- types and values -----------------------------------------------------------------------------------------------


def type_of(text):
    found, rest = _type(text)
    assert not rest.strip(), text
    return found


def _type(text):
    text = text.strip()
    if text.startswith("ARRAY<"):
        inner, rest = _type(text[6:])
        found = type_pb2.TypeProto(type_kind=KINDS["ARRAY"])
        found.array_type.element_type.CopyFrom(inner)
        return found, rest.strip().removeprefix(">")
    if text.startswith("STRUCT<"):
        found = type_pb2.TypeProto(type_kind=KINDS["STRUCT"])
        rest = text[7:]
        while not rest.strip().startswith(">"):
            name, _, rest = rest.strip().lstrip(", ").partition(" ")
            inner, rest = _type(rest)
            field = found.struct_type.field.add(field_name=name)
            field.field_type.CopyFrom(inner)
        return found, rest.strip().removeprefix(">")
    end = min((text.index(sign) for sign in ",>" if sign in text), default=len(text))
    return type_pb2.TypeProto(type_kind=KINDS[text[:end].strip()]), text[end:]


def said(kind):
    name = NAMES[kind.type_kind]
    if name == "ARRAY":
        return f"ARRAY<{said(kind.array_type.element_type)}>"
    if name == "STRUCT":
        return "STRUCT<" + ", ".join(f"{one.field_name} {said(one.field_type)}" for one in kind.struct_type.field) + ">"
    return name


EPOCH = datetime.date(1970, 1, 1)


def put(cell, value, kind):
    """A JSON value as Google's; decimals, days and moments are text."""
    if value is not None:
        PUT[NAMES[kind.type_kind]](cell, value, kind)


def put_moment(cell, value, kind):
    cell.timestamp_value.FromDatetime(datetime.datetime.fromisoformat(value))


def put_local(cell, value, kind):
    at = datetime.datetime.fromisoformat(value)
    seconds = ((((at.year << 4 | at.month) << 5 | at.day) << 5 | at.hour) << 6 | at.minute) << 6 | at.second
    cell.datetime_value.bit_field_datetime_seconds = seconds
    cell.datetime_value.nanos = at.microsecond * 1000


def put_list(cell, value, kind):
    cell.array_value.SetInParent()
    for one in value:
        put(cell.array_value.element.add(), one, kind.array_type.element_type)


def put_record(cell, value, kind):
    for one in kind.struct_type.field:
        put(cell.struct_value.field.add(), value[one.field_name], one.field_type)


def put_in(field, made=lambda value: value):
    return lambda cell, value, kind: setattr(cell, field, made(value))


PUT = {
    "INT64": put_in("int64_value"),
    "STRING": put_in("string_value"),
    "BOOL": put_in("bool_value"),
    "DOUBLE": put_in("double_value"),
    "FLOAT64": put_in("double_value"),
    "DATE": put_in("date_value", lambda value: (datetime.date.fromisoformat(value) - EPOCH).days),
    "NUMERIC": put_in("numeric_value", lambda value: whole(Decimal(value).scaleb(9))),
    "BIGNUMERIC": put_in("bignumeric_value", lambda value: whole(Decimal(value).scaleb(38))),
    "TIMESTAMP": put_moment,
    "DATETIME": put_local,
    "ARRAY": put_list,
    "STRUCT": put_record,
}


def whole(number):
    number = int(number)
    return number.to_bytes(((number if number >= 0 else ~number).bit_length() + 8) // 8, "little", signed=True)


def plain(cell, kind):
    name = NAMES[kind.type_kind]
    field = cell.WhichOneof("value")
    if field is None:
        return None
    value = getattr(cell, field)
    if name == "DATE":
        return (EPOCH + datetime.timedelta(days=value)).isoformat()
    if name in ("NUMERIC", "BIGNUMERIC"):
        scale = 9 if name == "NUMERIC" else 38
        return str(Decimal(int.from_bytes(value, "little", signed=True)).scaleb(-scale))
    if name == "TIMESTAMP":
        return value.ToDatetime().isoformat()
    if name == "DATETIME":
        bits = value.bit_field_datetime_seconds
        parts = []
        for width in (6, 6, 5, 5, 4):
            parts.append(bits & ((1 << width) - 1))
            bits >>= width
        return datetime.datetime(bits, *reversed(parts), value.nanos // 1000).isoformat()
    if name == "ARRAY":
        return [plain(one, kind.array_type.element_type) for one in value.element]
    if name == "STRUCT":
        fields = kind.struct_type.field
        return {one.field_name: plain(part, one.field_type) for one, part in zip(fields, value.field, strict=True)}
    return value


def main():
    analyser = Analyser()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        op = asked.pop("op")
        try:
            answer = getattr(analyser, "tables_" if op == "tables" else op)(**asked)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


main()
