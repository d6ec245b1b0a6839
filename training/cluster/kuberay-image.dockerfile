# What nodes run on Kubernetes; built from what is committed, see the README beside this file.
FROM rayproject/ray:2.60.0-py311
COPY --chown=ray . avatarium-source
RUN pip install --no-cache-dir -c avatarium-source/constraints.txt "./avatarium-source[train]"
