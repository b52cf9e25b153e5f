"""Everything that changes something. Web, CLI, API and worker all come through these modules.

write        the one audited module that writes entries, cases, clocks and notices (SQL, both databases)
cases        a command or an observation → decision → one transaction
intake       raw mail stored first, then read, then decided
outbox       notices claimed by lease, sent outside the transaction, settled as changes
escalation   clocks that passed a mark → the escalation path
sequence     pending entries → leaves of the tree → checkpoints
policies     propose, adopt, re-clock
homes        make a home, bring its tables up to date, people
"""
