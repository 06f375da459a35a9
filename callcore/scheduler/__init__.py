"""The only place that knows about load: whose audio is decoded next, how often, and how many calls are taken on."""
