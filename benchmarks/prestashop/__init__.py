"""Reading a PrestaShop: this library and its peers against one stand-in, in one run (issue 4's claims).

python -m benchmarks.prestashop [read|decode|incremental|memory|watch|all] [--full]
"""
