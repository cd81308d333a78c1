"""One loader in a process of its own: python -m benchmarks.google.peers NAME FILE ENDPOINT DATASET."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import pyarrow as pa

from benchmarks.google.rows import read
from benchmarks.measure import Clock

PROJECT = "atelier-1"


def ours(rows: pa.Table, endpoint: str, dataset: str) -> None:
    from echannel_connectors import BigQuery
    from echannel_connectors.streams import Batch, Shape, Slice

    into = BigQuery(project=PROJECT, dataset=dataset, endpoint=endpoint)
    shape = Shape("shop__lines", rows.schema, ("id",))
    into.prepare(shape)
    into.plan(shape, [Slice()])
    for number, piece in enumerate(rows.to_batches(), 1):
        into.commit(shape, Slice(), Batch(piece, {"number": number}), number)
    into.close()


def pandas_gbq(rows: pa.Table, endpoint: str, dataset: str) -> None:
    import pandas as pd
    import pandas_gbq
    from google.api_core.client_options import ClientOptions
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import bigquery

    client = bigquery.Client(
        project=PROJECT, credentials=AnonymousCredentials(), client_options=ClientOptions(api_endpoint=endpoint)
    )
    client.create_dataset(dataset, exists_ok=True)
    kinds = ["INT64", "INT64", *["STRING"] * 3, "NUMERIC", "NUMERIC", "DATE", "TIMESTAMP"]
    columns = [bigquery.SchemaField(name, kind) for name, kind in zip(rows.column_names, kinds, strict=True)]
    client.create_table(
        bigquery.Table(f"{PROJECT}.{dataset}.lines", columns)
    )  # of one that is not there it asks for ever
    frame = rows.to_pandas(types_mapper=pd.ArrowDtype)
    pandas_gbq.to_gbq(
        frame, f"{dataset}.lines", project_id=PROJECT, if_exists="append", bigquery_client=client, progress_bar=False
    )


def dlt(rows: pa.Table, endpoint: str, dataset: str) -> None:
    """dlt knows no endpoint: its client is told one."""
    import dlt as library
    from dlt.common.configuration.specs import gcp_credentials
    from google.api_core.client_options import ClientOptions
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import bigquery

    plain = bigquery.Client.__init__

    def told(self: bigquery.Client, *given: object, **options: object) -> None:
        options.update(credentials=AnonymousCredentials(), client_options=ClientOptions(api_endpoint=endpoint))
        options.pop("client_info", None)
        plain(self, *given, **options)  # type: ignore[arg-type]  # whatever dlt gives

    bigquery.Client.__init__ = told  # type: ignore[method-assign]  # as above
    known = gcp_credentials.GcpServiceAccountCredentialsWithoutDefaults
    known.to_native_credentials = lambda _: AnonymousCredentials()
    os.environ["NORMALIZE__DATA_WRITER__DISABLE_COMPRESSION"] = "true"  # the emulator does not unpack
    os.environ["DESTINATION__BIGQUERY__CREDENTIALS__PROJECT_ID"] = PROJECT
    os.environ["DESTINATION__BIGQUERY__CREDENTIALS__PRIVATE_KEY"] = "none"
    os.environ["DESTINATION__BIGQUERY__CREDENTIALS__CLIENT_EMAIL"] = "nobody@example.iam.gserviceaccount.com"
    pipeline = library.pipeline(
        "lines", destination="bigquery", dataset_name=dataset, pipelines_dir=os.environ["PIPES"]
    )
    pieces = (pa.Table.from_batches([piece]) for piece in rows.to_batches())
    pipeline.run(
        library.resource(pieces, name="lines", primary_key="id", write_disposition="merge"),
        loader_file_format="parquet",
    )


LOADERS: dict[str, Callable[[pa.Table, str, str], None]] = {"ours": ours, "pandas-gbq": pandas_gbq, "dlt": dlt}

if __name__ == "__main__":
    name, file, address, place = sys.argv[1:]
    clock = Clock(name)
    given = read(file)
    LOADERS[name](given, address, place)
    clock.stop(lambda: given.num_rows)
