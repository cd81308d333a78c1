"""Reading an ERP's database into a DuckDB file: this library beside its peers, in one run (issue 5's figures).

python -m benchmarks.erp [postgres|mariadb|memory|incremental|watch] [--full]
"""
