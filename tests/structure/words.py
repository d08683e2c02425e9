"""The words of the rule in language.py: what is not said, what is said instead, and the exceptions."""

# Private terms. Banned in prose (comments, messages, documents, sentences of tests) and as parts of identifiers.
TERMS = {
    "crowd": "connection pool, many connections",
    "decoy": "dummy hash",
    "desk": "fixture",
    "door": "client, server, access",
    "doorman": "server",
    "doze": "pause",
    "farewell": "closing",
    "fragile": "faulty",
    "guest": "client, account",
    "hear": "receive, read",
    "heard": "received, read",
    "hearing": "reading, read loop",
    "house": "server, project",
    "housework": "maintenance",
    "ladder": "failure counter",
    "neighbourhood": "network, address bucket",
    "newcomer": "new account, new client",
    "readings": "keyboard variants",
    "reception": "login flow",
    "rooms": "modules",
    "scene": "target",
    "seat": "slot",
    "shelf": "free list",
    "stranger": "unknown client, unknown source",
    "undecided": "pending",
    "verdict": "decision, result",
    "visit": "connection, session",
    "visitor": "client, connection, user",
}

# Banned in prose and in the sentences of tests: a connection is "it", a person is a user, an operator, a client.
PRONOUNS = {
    "anybody": "any client, any user",
    "he": "it",
    "him": "it",
    "himself": "itself",
    "his": "its",
    "nobody": "no client, no user, nothing",
    "somebody": "a client, a user",
    "whoever": "a client that",
    "whom": "name the client, account or user",
    "whomever": "a client that",
}

# Banned as parts of identifiers; in prose they are English.
PARTS = {
    "conversation": "session, repl",
    "ending": "close_reason, closing, ended",
    "endings": "ended_sessions",
    "failing": "errors, faulty",
    "guessable": "strength_error",
    "holder": "owner",
    "how": "kind, mode",
    "inbox": "receive_queue",
    "leaving": "exit_status, closing",
    "manner": "close_mode",
    "obey": "run_command",
    "owe": "deferred_rollback",
    "refusal": "denial, unexpected",
    "room": "space, module",
    "standing": "source",
    "strengthen": "rehash",
    "talk": "handler",
    "trusting": "host_key_check",
    "turn": "round",
    "turns": "rounds, read_scheduler",
    "who": "account, owner, name",
    "whom": "account, owner, name",
    "whose": "owner, account",
    "why": "reason, code",
}

# Banned as whole identifiers; those of CPP_ONLY not in Python, where one is a call of os and one a field of a message.
IDENTIFIERS = {
    "came": "finish_read, committed",
    "enter": "add, begin",
    "failure": "error",
    "give_back": "rollback",
    "hold": "pin",
    "introduce": "set_name",
    "leave": "remove, close",
    "link": "connection_impl",
    "meeting": "start_barrier",
    "place": "slot, endpoint, position",
    "question": "request, prompt",
    "recall": "lookup",
    "recognise": "detect_tls",
    "refuse": "deny, reject, unexpected",
    "remember": "record_login",
    "settle": "commit",
    "via": "auth_method",
    "wake": "resume",
    "way": "kind, mode",
    "what": "kind, code, message",
    "wish": "access_request",
}

CPP_ONLY = {"link", "via"}

# Banned as words of an identifier that follow each other.
PAIRS = {
    "call_out": "notify_evicted",
    "engine_room": "tls_state",
    "is_lost": "evicted",
    "let_go": "unpin",
    "let_in": "admit, grant access",
    "put_away": "terminate",
    "see_off": "close",
    "serve_as": "set_thread_name",
    "shake_hands": "tls_handshake",
    "sits_in": "attach",
    "take_up": "dispatch",
    "turn_away": "reject",
}

# Banned in prose: a pattern, and what is said instead.
PHRASES = {
    r"[Cc]all(?:s|ed)? out": "notify",
    r"[Ii]n passing": "",
    r"[Mm]eanwhile": "while, until then",
    r"[Ss]ee(?:s|n)? off": "close",
    r"[Ss]hak(?:e|es|ing) hands": "the TLS handshake",
    r"[Ss]o many": "the number of",
    r"[Ss]uch an?": "name it again",
    r"[Tt]urn(?:s|ed)? away": "reject",
    # At the start of a sentence that is no question, or where no noun stands before it.
    r"Who\b(?![^.\n]*\?)": "name the client, account or user",
    r"(?:and|but|by|for|from|of|only|or|than|to|with) who": "name the client, account or user",
}

# Not banned, because they are field terms or plain English that a better word would not replace: admission, attempt,
# deadline, engine, entry, exchange, fault, grant, known, plan (of a query), quiet (a flag), quota, reads (and writes),
# rest (what remains), rules (of passwords, of the throttle), take (as of an optional), trust (a flag), try.

# Contracts: these tokens stay as they are. Keys of the log and members of JSON (`via`, `what`, `why`, `failures`),
# commands (`porterctl why`, `/whoami`) and flags (`--trust`) need no entry: what is banned in identifiers only is not
# banned in literals and documents.
CONTRACTS = {
    "account_deleted_with_its_ladders": "a trigger of the schema",
    "password_ladders": "a table of the schema",
    "undecided_tries": "a table of the schema",
    "why_commands": "the command `porterctl why`",
    "silent_crowd": "a script of tools/attack",
    "NOBODY": "the account `nobody` of Unix, which the tests run programs as",
}
# Standard names (the library's, the system's, the Unix account `nobody`), a flag, and a value of the schema's views.
STANDARD = "|".join([
    r"""["'`]nobody["'`]|(?:--user|--reuid|su) nobody|nobody:nogroup""",
    r"""["'`|]strangers["'`]""",
    r"""["'`]?\bguest (?:N\b|\d+|["'`])""",
    r"--crowd\b|std::visit|\bwhat\(\)|::link\(",
])
