"""One loader in a process of its own: python -m benchmarks.google.peers NAME ROWS ENDPOINT DATASET."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from benchmarks.google.rows import lines
from benchmarks.measure import Clock

PROJECT = "atelier-1"
PIECE = 200_000  # rows that are made at once where a loader takes them in pieces


def ours(rows: int, endpoint: str, dataset: str) -> None:
    from echannel_connectors import BigQuery
    from echannel_connectors.streams import Batch, Shape, Slice

    into = BigQuery(project=PROJECT, dataset=dataset, endpoint=endpoint)
    shape = Shape("shop__lines", lines(1).schema, ("id",))
    into.prepare(shape)
    into.plan(shape, [Slice()])
    for number, first in enumerate(range(0, rows, PIECE), 1):
        piece = lines(min(PIECE, rows - first), first).combine_chunks().to_batches()[0]
        into.commit(shape, Slice(), Batch(piece, {"id": first + piece.num_rows}), number)
    into.close()


def pandas_gbq(rows: int, endpoint: str, dataset: str) -> None:
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
    columns = [bigquery.SchemaField(name, kind) for name, kind in zip(lines(1).column_names, kinds, strict=True)]
    client.create_table(
        bigquery.Table(f"{PROJECT}.{dataset}.lines", columns)
    )  # of one that is not there it asks for ever
    frame = lines(rows).to_pandas(types_mapper=pd.ArrowDtype)
    pandas_gbq.to_gbq(
        frame, f"{dataset}.lines", project_id=PROJECT, if_exists="append", bigquery_client=client, progress_bar=False
    )


def dlt(rows: int, endpoint: str, dataset: str) -> None:
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
    pieces = (lines(min(PIECE, rows - first), first) for first in range(0, rows, PIECE))
    pipeline.run(
        library.resource(pieces, name="lines", primary_key="id", write_disposition="merge"),
        loader_file_format="parquet",
    )


LOADERS: dict[str, Callable[[int, str, str], None]] = {"ours": ours, "pandas-gbq": pandas_gbq, "dlt": dlt}

if __name__ == "__main__":
    name, count, address, place = sys.argv[1:]
    clock = Clock(name)
    LOADERS[name](int(count), address, place)
    clock.stop(lambda: int(count))
