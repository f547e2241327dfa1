"""What a provider embeds in its gateway: it checks a proof of a licence once per lease, and a lease at every call.

Deciding modules (policy, trust, steady, challenge, verify, verdict, lease, leasekeys, holder, killswitch, evidence,
decision) take bytes and give a verdict; they know neither HTTP nor the network. `sources` fetches epochs, `asgi` and
`authoriser` speak HTTP, `app` puts them together.
"""
