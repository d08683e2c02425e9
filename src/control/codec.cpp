#include "control/codec.hpp"

#include <array>
#include <chrono>

#include "protocol/reader.hpp"
#include "protocol/writer.hpp"

namespace porter::detail::control {
namespace {

using protocol::reader;
using protocol::writer;

/// The numbers of a server_load in the order of the format.
constexpr std::array<std::uint64_t server_load::*, 23> numbers_of_load{
    &server_load::uptime_ms,      &server_load::opening,           &server_load::access,
    &server_load::exchange,       &server_load::closing,           &server_load::max_connections,
    &server_load::accepted,       &server_load::messages_in,       &server_load::messages_out,
    &server_load::bytes_in,       &server_load::bytes_out,         &server_load::granted,
    &server_load::denied,         &server_load::throttled,         &server_load::hash_threads,
    &server_load::hashes_waiting, &server_load::hashes_rejected,   &server_load::handshakes,
    &server_load::hellos_waiting, &server_load::store_operations,  &server_load::store_ns,
    &server_load::store_failed,   &server_load::throttled_networks};

void write(writer& out, ping const&)
{
    out.one_of(kind::ping);
}
void write(writer& out, list_connections const& message)
{
    out.one_of(kind::list).u64(message.after);
}
void write(writer& out, close_connections const& message)
{
    out.one_of(kind::close).one_of(message.by).u64(message.id).str(message.text);
}
void write(writer& out, get_overview const& message)
{
    out.one_of(kind::get_overview).one_of(message.by).one_of(message.is_descending).u16(message.limit);
    out.str(message.account).str(message.network);
}
void write(writer& out, pong const& message)
{
    out.one_of(kind::pong).str(message.version).str(message.node).u64(message.connections);
}
void write(writer& out, std::vector<connection_row> const& rows)
{
    out.u32(static_cast<std::uint32_t>(rows.size()));
    for (auto const& row : rows) {
        auto const seconds = std::chrono::floor<std::chrono::seconds>(row.connected_at).time_since_epoch().count();
        out.u64(row.id).str(row.address).str(row.account).one_of(row.phase).u64(static_cast<std::uint64_t>(seconds));
        out.u64(row.messages).u64(row.bytes);
    }
}
void write(writer& out, page const& message)
{
    out.one_of(kind::page).str(message.node).one_of(message.is_last);
    write(out, message.rows);
}
void write(writer& out, server_load const& load)
{
    for (auto const number : numbers_of_load) out.u64(load.*number);
    out.u8(static_cast<std::uint8_t>(load.last_throttled.size()));
    for (auto const& network : load.last_throttled) out.str(network);
}
void write(writer& out, overview const& message)
{
    out.one_of(kind::overview).str(message.version).str(message.node);
    write(out, message.load);
    out.u64(message.selected);
    write(out, message.rows);
}
void write(writer& out, closed const& message)
{
    out.one_of(kind::closed).u64(message.count);
}
void write(writer& out, rejected const& message)
{
    out.one_of(kind::rejected).str(message.reason);
}

list_connections read_list(reader& in)
{
    list_connections message;
    message.after = in.u64();
    return message;
}

close_connections read_close(reader& in)
{
    close_connections message;
    message.by = in.one_of(selector::network);
    message.id = in.u64();
    message.text = in.str();
    return message;
}

get_overview read_get_overview(reader& in)
{
    get_overview message;
    message.by = in.one_of(sort_key::bytes);
    message.is_descending = in.one_of(true);
    message.limit = in.u16();
    message.account = in.str();
    message.network = in.str();
    return message;
}

pong read_pong(reader& in)
{
    pong message;
    message.version = in.str();
    message.node = in.str();
    message.connections = in.u64();
    return message;
}

connection_row read_row(reader& in)
{
    connection_row row;
    row.id = in.u64();
    row.address = in.str();
    row.account = in.str();
    row.phase = in.one_of(connection_phase::closing);
    row.connected_at = base::timestamp{std::chrono::seconds{static_cast<std::int64_t>(in.u64())}};
    row.messages = in.u64();
    row.bytes = in.u64();
    return row;
}

/// The rows that the body has, so that a false count allocates nothing.
std::vector<connection_row> read_rows(reader& in)
{
    std::vector<connection_row> rows;
    auto const count = in.u32();
    for (std::uint32_t read = 0; read < count && in.remaining() > 0; ++read) rows.push_back(read_row(in));
    if (rows.size() != count) in.fail(code::protocol_error);
    return rows;
}

page read_page(reader& in)
{
    page message;
    message.node = in.str();
    message.is_last = in.one_of(true);
    message.rows = read_rows(in);
    return message;
}

server_load read_load(reader& in)
{
    server_load load;
    for (auto const number : numbers_of_load) load.*number = in.u64();
    auto const count = in.u8();
    if (count > max_last_throttled) in.fail(code::protocol_error);
    for (std::size_t read = 0; read < count && in.remaining() > 0; ++read) load.last_throttled.emplace_back(in.str());
    if (load.last_throttled.size() != count) in.fail(code::protocol_error);
    return load;
}

overview read_overview(reader& in)
{
    overview message;
    message.version = in.str();
    message.node = in.str();
    message.load = read_load(in);
    message.selected = in.u64();
    message.rows = read_rows(in);
    return message;
}

template <typename Message>
std::optional<Message> if_valid(reader const& in, Message message)
{
    if (in.error()) return std::nullopt;
    return message;
}

template <typename Messages>
std::string payload_of(Messages const& message)
{
    std::string payload;
    writer out{payload};
    std::visit([&out](auto const& one) { write(out, one); }, message);
    return payload;
}

}  // namespace

std::optional<request> decode_request(base::bytes_view payload)
{
    reader in{payload};
    switch (static_cast<kind>(in.u8())) {
        case kind::ping:
            return if_valid<request>(in, ping{});
        case kind::list: {
            auto message = read_list(in);
            return if_valid<request>(in, message);
        }
        case kind::close: {
            auto message = read_close(in);
            return if_valid<request>(in, std::move(message));
        }
        case kind::get_overview: {
            auto message = read_get_overview(in);
            return if_valid<request>(in, std::move(message));
        }
        default:
            return std::nullopt;
    }
}

std::optional<reply> decode_reply(base::bytes_view payload)
{
    reader in{payload};
    switch (static_cast<kind>(in.u8())) {
        case kind::pong: {
            auto message = read_pong(in);
            return if_valid<reply>(in, std::move(message));
        }
        case kind::page: {
            auto message = read_page(in);
            return if_valid<reply>(in, std::move(message));
        }
        case kind::closed: {
            closed const message{in.u64()};
            return if_valid<reply>(in, message);
        }
        case kind::overview: {
            auto message = read_overview(in);
            return if_valid<reply>(in, std::move(message));
        }
        case kind::rejected: {
            rejected message{std::string{in.str()}};
            return if_valid<reply>(in, std::move(message));
        }
        default:
            return std::nullopt;
    }
}

std::string encode(request const& message)
{
    return payload_of(message);
}

std::string encode(reply const& message)
{
    return payload_of(message);
}

}  // namespace porter::detail::control
