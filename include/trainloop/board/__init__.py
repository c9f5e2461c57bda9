"""The lifecycle board 培训全景看板 inside the Airflow UI: where every class stands, what is late, who must act.

`plugins/lifecycle_board.py` registers it; `trainloop.orchestration.board_access` tells it who is signed in. It reads
`published`, `ops` and views in `marts` as role board: codes, states, counts, and no name but the trainer's. To add a
page: a module with `add_pages(board)` whose handlers take `Sees`, `Acts` or `Engineers` as their first parameter, a
template, its words in `words.yaml`, its queries in `sql/statements/board*.sql`. A step that another package plans shows
by itself; what it is called, who acts and which DAG does it stands in `steps.yaml`.
"""
