"""Did a class move an indicator? Windows, comparison group, effect, checks and evidence grade put together (R37).

`analysis.analyse_all` works on frames, wherever they come from; `design` and `tables` read an analyst's files for
`trainloop impact`. The estimators are in `trainloop.statistics`, the grades and sentences in `domain.performance`.
"""
