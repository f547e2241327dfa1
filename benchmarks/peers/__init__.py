"""What this project and its peers cost for the same work, measured together: `python -m benchmarks.peers`.

peer processes   ours, anoncreds_peer, dock/peer.mjs: do the work, each timing itself  (protocol: child)
driver           environment -> entries -> conversation -> checks -> measure
results          summary -> table, picture                                                         (report)
"""
