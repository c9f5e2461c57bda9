"""How long data are kept: rules with days, erasure and export on request, proof counts.

`holdings.yaml` says where people stand in the warehouse; `purge` takes out what is older than the site file's days;
`erasure` makes a person unrecognisable everywhere and remembers a keyed hash, so that neither a file nor a restored
database brings the person back; `export` hands a person what is kept about them.
"""
