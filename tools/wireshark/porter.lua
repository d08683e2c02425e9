-- A dissector of porter/1 (docs/PROTOCOL.md) for Wireshark and tshark, from 4.0 on.
--
--     tshark -X lua_script:porter.lua -i lo -f 'tcp port 7678' -O porter
--
-- or copy it to the folder of personal Lua plugins (Help, About Wireshark, Folders). It recognises plain connections on
-- TCP port 7678, and on others by their hello. Within TLS it is chosen by ALPN; tls.keylog_file has to name the keys,
-- which tools/python/porter.py and other clients write to $SSLKEYLOGFILE.
--
-- Passwords, codes and tokens are hidden unless the preference porter.show_secrets is set: a screenshot shows none.
-- They are in the captured bytes all the same.

local porter = Proto("porter", "Porter")
porter.prefs.show_secrets = Pref.bool("Show passwords, codes and tokens", false, "Otherwise only their length is shown")

local OLDEST_VERSION = 1
local PING_LIMIT = 125
local LARGEST_FRAME = 16 * 1024 * 1024 + 1024  -- the greatest --max-frame, and what a server may add
local LAST_SECOND = 253402300799               -- the year 9999: a later time is shown as a number

local kinds = {
    [0x01] = "hello", [0x02] = "identify", [0x03] = "register", [0x04] = "login", [0x05] = "resume",
    [0x06] = "change_password", [0x07] = "logout", [0x08] = "list_sessions", [0x09] = "revoke_session",
    [0x0a] = "redeem",
    [0x0b] = "prove", [0x0c] = "second_factor",
    [0x40] = "text", [0x41] = "data", [0x42] = "ping", [0x43] = "pong", [0x44] = "closing",
    [0x81] = "welcome", [0x82] = "granted", [0x83] = "denied", [0x84] = "done", [0x85] = "sessions",
    [0x86] = "enrolment",
}
local codes = {
    [0] = "normal", [1] = "protocol_error", [2] = "frame_too_large", [3] = "invalid_utf8", [4] = "unsupported_version",
    [5] = "unauthorized", [6] = "timeout", [7] = "idle", [8] = "too_many_attempts", [9] = "session_ended",
    [10] = "shutting_down", [11] = "tls_required", [12] = "server_full", [13] = "slow_consumer", [14] = "internal",
    [15] = "banned",
    [20] = "bad_credentials", [21] = "name_taken", [22] = "invalid_name", [23] = "weak_password",
    [24] = "invalid_token", [25] = "throttled", [26] = "busy", [27] = "unavailable", [28] = "registration_closed",
    [29] = "not_supported", [30] = "not_found", [31] = "invalid_code", [32] = "second_factor",
}
local access_modes = { [0] = "open", [1] = "identify", [2] = "authenticate" }
local vias = {
    [0] = "open", [1] = "address", [2] = "identify", [3] = "register", [4] = "login", [5] = "resume", [6] = "redeem",
}
local actions = { [0] = "begin", [1] = "confirm", [2] = "remove" }
local scopes = { [0] = "this session", [1] = "every session of the account" }

local f = {
    length = ProtoField.uint32("porter.length", "Length"),
    kind = ProtoField.uint8("porter.kind", "Kind", base.HEX, kinds),
    version = ProtoField.uint8("porter.version", "Version"),
    agent = ProtoField.string("porter.agent", "Agent"),
    name = ProtoField.string("porter.name", "Name"),
    password = ProtoField.string("porter.password", "Password"),
    new_password = ProtoField.string("porter.new_password", "New password"),
    token = ProtoField.string("porter.token", "Token"),
    redeemed = ProtoField.string("porter.redeemed", "Code to redeem"),
    scope = ProtoField.uint8("porter.scope", "Scope", base.DEC, scopes),
    session = ProtoField.uint64("porter.session", "Session"),
    action = ProtoField.uint8("porter.action", "Action", base.DEC, actions),
    one_time_code = ProtoField.string("porter.one_time_code", "One-time code"),
    uri = ProtoField.string("porter.uri", "URI"),
    recovery_codes = ProtoField.uint8("porter.recovery_codes", "Recovery codes"),
    recovery_code = ProtoField.string("porter.recovery_code", "Recovery code"),
    text = ProtoField.string("porter.text", "Text"),
    data = ProtoField.bytes("porter.data", "Data"),
    code = ProtoField.uint16("porter.code", "Code", base.DEC, codes),
    reason = ProtoField.string("porter.reason", "Reason"),
    access = ProtoField.uint8("porter.access", "Access", base.DEC, access_modes),
    max_frame = ProtoField.uint32("porter.max_frame", "Largest frame"),
    server = ProtoField.string("porter.server", "Server"),
    known_as = ProtoField.string("porter.known_as", "Known as"),
    via = ProtoField.uint8("porter.via", "Via", base.DEC, vias),
    expires_at = ProtoField.absolute_time("porter.expires_at", "Expires at", base.UTC),
    last_login_at = ProtoField.absolute_time("porter.last_login_at", "Last login at", base.UTC),
    last_address = ProtoField.string("porter.last_address", "Last address"),
    failed_since = ProtoField.uint32("porter.failed_since", "Failed since"),
    retry_after = ProtoField.uint32("porter.retry_after", "Retry after"),
    count = ProtoField.uint16("porter.count", "Count"),
    entry = ProtoField.none("porter.entry", "Session"),
    created_at = ProtoField.absolute_time("porter.created_at", "Created at", base.UTC),
    last_used_at = ProtoField.absolute_time("porter.last_used_at", "Last used at", base.UTC),
    address = ProtoField.string("porter.address", "Address"),
    current = ProtoField.bool("porter.current", "Session of this connection"),
}
porter.fields = f

local malformed, errors = expert.group.MALFORMED, expert.severity.ERROR
local e = {  -- expert information
    protocol_error = ProtoExpert.new("porter.protocol_error", "Protocol error", malformed, errors),
    frame_too_large = ProtoExpert.new("porter.frame_too_large", "Frame too large", malformed, errors),
    invalid_utf8 = ProtoExpert.new("porter.invalid_utf8", "Text that is not UTF-8", malformed, errors),
    denied = ProtoExpert.new("porter.denial", "Request denied", expert.group.RESPONSE_CODE, expert.severity.NOTE),
    closing = ProtoExpert.new("porter.close", "Closed with an error", expert.group.RESPONSE_CODE, expert.severity.WARN),
}
porter.experts = e

-- Per TCP stream: the client's port, the largest frame of `welcome`, whether it is TLS.
local streams = {}
local tcp_stream = Field.new("tcp.stream")

function porter.init()
    streams = {}
end

local function stream_of()
    local number = tcp_stream().value
    streams[number] = streams[number] or {}
    return streams[number]
end

-- Whether bytes are UTF-8, as RFC 3629 defines it. Lua 5.2 has no function for it.
local function is_utf8(text)
    local at = 1
    while at <= #text do
        local first, second = text:byte(at, at + 1)
        local more = first < 0x80 and 0 or first < 0xC2 and -1 or first < 0xE0 and 1 or first < 0xF0 and 2
            or first < 0xF5 and 3 or -1
        if more < 0 or not text:find("^" .. ("[\128-\191]"):rep(more), at + 1) then return false end
        if first == 0xE0 and second < 0xA0 or first == 0xED and second > 0x9F  -- too long a form, a surrogate
            or first == 0xF0 and second < 0x90 or first == 0xF4 and second > 0x8F then return false end
        at = at + 1 + more
    end
    return true
end

-- The types of fields: functions that take a field from the body and add it to the tree. They return its value, or nil
-- if the body is too short.

local function take(body, size)
    if body.at + size > body.tvb:len() then return nil end
    body.at = body.at + size
    if size == 0 then return body.tvb(0, 4) end  -- a range is not empty; that of the length stands for it
    return body.tvb(body.at - size, size)
end

local function number_of(size)
    return function(body, tree, field)
        local range = take(body, size)
        if not range then return nil end
        tree:add(field, range)
        return size == 8 and range:uint64() or range:uint()
    end
end
local u8, u16, u32, u64 = number_of(1), number_of(2), number_of(4), number_of(8)

local function time(body, tree, field)
    local range = take(body, 8)
    if not range then return nil end
    local seconds = range:uint64():tonumber()
    local item = tree:add(field, range, NSTime.new(math.min(seconds, LAST_SECOND)))
    if seconds == 0 then item:append_text(" (none)") end
    if seconds > LAST_SECOND then item:append_text(" (" .. tostring(range:uint64()) .. ")") end
    return seconds
end

local function add_text(body, tree, field, range, length)
    local text = length > 0 and range:string(ENC_UTF_8) or ""
    local item = tree:add(field, range, text)
    if length > 0 and not is_utf8(range:raw()) then item:add_proto_expert_info(e.invalid_utf8) end
    return text
end

local function str(body, tree, field)
    local head = take(body, 2)
    local length = head and head:uint()
    local range = length and take(body, length)
    return range and add_text(body, tree, field, range, length)
end

-- A hidden secret is not among the bytes of its field either: exports such as PDML contain them.
local function secret(body, tree, field)
    if porter.prefs.show_secrets then return str(body, tree, field) end
    local head = take(body, 2)
    local length = head and head:uint()
    if not length or not take(body, length) then return nil end
    return tree:add(field, head, length > 0 and ("(%d bytes, hidden)"):format(length) or "")
end

local function rest(body, tree, field)
    local length = body.tvb:len() - body.at
    local range = take(body, length)
    if field == f.text then return add_text(body, tree, field, range, length) end
    if length > 0 then tree:add(field, range) end
    return true
end

local session_layout = { { u64, f.session }, { time, f.created_at }, { time, f.last_used_at }, { time, f.expires_at },
                         { str, f.address }, { u8, f.current } }

local function add_fields(body, tree, layout)
    for _, each in ipairs(layout) do
        local type_, field = each[1], each[2]
        body[field] = type_(body, tree, field)
        if body[field] == nil then return nil end
    end
    return true
end

local SMALLEST_ENTRY = 35  -- with an empty address

local function entries(body, tree)
    for _ = 1, body[f.count] do
        local start = body.at
        if start + SMALLEST_ENTRY > body.tvb:len() then return nil end
        local entry = tree:add(f.entry, body.tvb(start, 0))
        if not add_fields(body, entry, session_layout) then return nil end
        entry:set_len(body.at - start)
        entry:append_text(" " .. tostring(body[f.session]))
    end
    return true
end

local function secrets(body, tree, field)
    for _ = 1, body[f.recovery_codes] do
        if not secret(body, tree, field) then return nil end
    end
    return true
end

local layouts = {
    hello = { { u8, f.version }, { str, f.agent } },
    identify = { { str, f.name } },
    register = { { str, f.name }, { secret, f.password } },
    login = { { str, f.name }, { secret, f.password } },
    resume = { { secret, f.token } },
    change_password = { { secret, f.password }, { secret, f.new_password } },
    logout = { { u8, f.scope } },
    list_sessions = {},
    revoke_session = { { u64, f.session } },
    redeem = { { secret, f.redeemed }, { str, f.name }, { secret, f.password } },
    prove = { { secret, f.one_time_code } },
    second_factor = { { u8, f.action }, { secret, f.one_time_code } },
    text = { { rest, f.text } },
    data = { { rest, f.data } },
    ping = { { rest, f.data } },
    pong = { { rest, f.data } },
    closing = { { u16, f.code }, { str, f.reason } },
    welcome = { { u8, f.version }, { u8, f.access }, { u32, f.max_frame }, { str, f.server }, { str, f.known_as } },
    granted = { { u8, f.via }, { str, f.name }, { u64, f.session }, { secret, f.token }, { time, f.expires_at },
                { time, f.last_login_at }, { str, f.last_address }, { u32, f.failed_since } },
    denied = { { u16, f.code }, { u32, f.retry_after }, { str, f.reason } },
    done = {},
    sessions = { { u16, f.count }, { entries, f.entry } },
    enrolment = { { secret, f.uri }, { u8, f.recovery_codes }, { secrets, f.recovery_code } },
}

local function error_in(tree, description)
    tree:add_proto_expert_info(e.protocol_error, "protocol_error: " .. description)
end

-- What the table of messages does not say: which side sends a kind, and the values that are not allowed.
local function check_message(tree, kind, body, from_client)
    if from_client and kind >= 0x81 then error_in(tree, "a client sends no " .. kinds[kind]) end
    if from_client == false and kind < 0x40 then error_in(tree, "a server sends no " .. kinds[kind]) end
    if (kinds[kind] == "ping" or kinds[kind] == "pong") and body.tvb:len() > 5 + PING_LIMIT then
        error_in(tree, ("more than %d bytes"):format(PING_LIMIT))
    end
    if body[f.scope] and not scopes[body[f.scope]] then error_in(tree, "a scope that does not exist") end
    if body[f.action] and not actions[body[f.action]] then error_in(tree, "an action that does not exist") end
end

-- The kind with what matters most, for the column of the packet list.
local function summary_of(kind, body)
    local code = body[f.code] and (codes[body[f.code]] or tostring(body[f.code]))
    if code then return ("%s(%s)"):format(kinds[kind], code) end
    if kind == 0x40 or kind == 0x41 then return ("%s (%d bytes)"):format(kinds[kind], body.tvb:len() - 5) end
    return kinds[kind]
end

local function add_body(tvb, tree, kind, stream, from_client)
    local body = { tvb = tvb, at = 5 }
    local is_other_hello = kind == 0x01 and tvb:len() > 5 and tvb(5, 1):uint() ~= OLDEST_VERSION
    if is_other_hello then
        tree:add(f.version, tvb(5, 1))  -- its body is unknown
        return body
    end
    if not add_fields(body, tree, layouts[kinds[kind]]) then
        error_in(tree, "the body is too short")
    elseif body.at < tvb:len() then
        error_in(tree, ("%d trailing bytes"):format(tvb:len() - body.at))
    end
    check_message(tree, kind, body, from_client)
    if kind == 0x81 then stream.max_frame = body[f.max_frame] end
    if kind == 0x83 then tree:add_proto_expert_info(e.denied, summary_of(kind, body)) end
    if kind == 0x44 and body[f.code] ~= 0 then tree:add_proto_expert_info(e.closing, summary_of(kind, body)) end
    return body
end

local function frame_length(tvb, _, offset)
    local length = tvb(offset, 4):uint()
    return length > LARGEST_FRAME and tvb:len() - offset or 4 + length
end

local function dissect_frame(tvb, pinfo, root)
    local stream, length = stream_of(), tvb(0, 4):uint()
    local tree = root:add(porter, tvb())
    tree:add(f.length, tvb(0, 4))
    if length > LARGEST_FRAME then
        tree:add_proto_expert_info(e.frame_too_large, "frame_too_large: no server allows this length")
        pinfo.cols.info:append("frame_too_large ")
        return tvb:len()
    elseif length == 0 then
        error_in(tree, "an empty payload")
        pinfo.cols.info:append("empty ")
        return tvb:len()
    end

    local kind = tvb(4, 1):uint()
    if kind == 0x01 then stream.client_port = stream.client_port or pinfo.src_port end
    local from_client = nil  -- unknown
    if stream.client_port then from_client = pinfo.src_port == stream.client_port end
    tree:add(f.kind, tvb(4, 1))
    if stream.max_frame and length > stream.max_frame + (from_client and 0 or 1024) then
        tree:add_proto_expert_info(e.frame_too_large, ("frame_too_large: %d bytes at most"):format(stream.max_frame))
    end
    if not kinds[kind] then
        error_in(tree, "a kind that does not exist")
        pinfo.cols.info:append(("kind 0x%02x "):format(kind))
        return tvb:len()
    end
    local summary = summary_of(kind, add_body(tvb, tree, kind, stream, from_client))
    tree:append_text(", " .. summary)
    pinfo.cols.info:append(summary .. " ")
    return tvb:len()
end

-- Whether this is TLS, not yet decrypted. Frames begin with 0x00, or 0x01 if they are very large; a handshake begins
-- with 0x16 0x03. TLS calls this dissector again, with what it has decrypted.
local function is_tls(tvb, stream)
    local is_frame = tvb(0, 1):uint() <= 0x01
    if not is_frame and tvb:len() >= 2 and tvb(0, 2):uint() == 0x1603 then stream.is_tls = true end
    return stream.is_tls and not is_frame
end

function porter.dissector(tvb, pinfo, tree)
    if is_tls(tvb, stream_of()) then
        pinfo.can_desegment = 2  -- as TCP sets it: each call of a dissector takes one off, and TLS needs one
        return Dissector.get("tls"):call(tvb, pinfo, tree)
    end
    pinfo.cols.protocol = "Porter"
    pinfo.cols.info:clear()
    dissect_tcp_pdus(tvb, tree, 4, frame_length, dissect_frame)
    pinfo.cols.info:fence()  -- more TLS records may follow in this packet
    return tvb:len()
end

-- Whether a stream begins with a hello of version 1 whose agent fills the frame.
local function is_hello(tvb, pinfo, tree)
    if tvb:len() < 8 or tvb(0, 1):uint() ~= 0 or tvb(4, 2):uint() ~= 0x0101 then return false end
    if tvb(0, 4):uint() ~= tvb(6, 2):uint() + 4 then return false end
    pinfo.conversation = porter
    porter.dissector(tvb, pinfo, tree)
    return true
end

porter:register_heuristic("tcp", is_hello)
DissectorTable.get("tcp.port"):add(7678, porter)
DissectorTable.get("tls.alpn"):add("porter/1", porter)
