#include "library/metrics_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "library/health.hpp"
#include "log/escape.hpp"
#include "metrics/text_writer.hpp"
#include "porter/version.hpp"

namespace porter::detail::library {
namespace {

using metrics::kind;
using metrics::text_writer;
using server::worker_statistics;

/// By the number of porter::auth_method.
constexpr std::array<std::string_view, worker_statistics::method_count> method_names{
    "open", "address", "identify", "register", "login", "resume", "redeem"};

/// The sum over the workers of what `of` reads of one's statistics.
template <typename Read>
std::uint64_t sum(monitored const& parts, Read of)
{
    std::uint64_t total = 0;
    for (server::worker const* each : parts.server.all_workers()) total += of(each->statistics());
    return total;
}

std::uint64_t sum(monitored const& parts, metrics::gauge worker_statistics::* member)
{
    return sum(parts, [member](worker_statistics const& each) { return (each.*member).value(); });
}

std::uint64_t sum(monitored const& parts, metrics::counter worker_statistics::* member)
{
    return sum(parts, [member](worker_statistics const& each) { return (each.*member).value(); });
}

/// Calls use(name, index) for each code that this version knows.
template <typename Use>
void for_each_code(Use use)
{
    for (std::size_t index = 0; index < worker_statistics::code_count; ++index) {
        auto const name = name_of(static_cast<code>(index));
        if (name != "unknown") use(name, index);
    }
}

bool has_problem(std::vector<problem> const& found, std::string_view wanted)
{
    return std::ranges::any_of(found, [wanted](problem const& each) { return each.kind == wanted; });
}

void write_health(text_writer& out, monitored const& parts)
{
    out.begin("porter_build_info", kind::gauge, "The version of the server; the value is always 1.");
    out.add(1, {{"version", version}});
    auto const problems = problems_of(facts_of(parts));
    out.begin("porter_problem", kind::gauge, "Whether /healthz reports a problem of this kind.");
    for (auto const name : problem_kinds) out.add(has_problem(problems, name) ? 1 : 0, {{"kind", name}});
    out.write("porter_defects_total", kind::counter, "Exceptions that escaped a connection or task: each is a bug.",
              parts.server.defects());
}

void write_connections(text_writer& out, monitored const& parts)
{
    out.begin("porter_connections", kind::gauge, "Connections by phase, as of the last second.");
    out.add(sum(parts, &worker_statistics::before_access), {{"phase", "access"}});
    out.add(sum(parts, &worker_statistics::with_access), {{"phase", "service"}});
    out.add(sum(parts, &worker_statistics::closing), {{"phase", "closing"}});
    out.write("porter_connections_limit", kind::gauge, "The limit of connections in total; 0: none.",
              parts.max_connections);
    out.write("porter_connections_accepted_total", kind::counter, "Connections that were accepted.",
              parts.server.accepted());
    out.begin("porter_connections_closed_total", kind::counter, "Connections that have ended, by the code of the log.");
    for_each_code([&](std::string_view name, std::size_t index) {
        auto total = sum(parts, [index](worker_statistics const& each) { return each.closed[index].value(); });
        if (index == worker_statistics::index_of(code::server_full)) total += parts.server.closed_at_once();
        out.add(total, {{"code", name}});
    });
    out.add(sum(parts, &worker_statistics::closed_by_peer), {{"code", "by_peer"}});
    out.add(sum(parts, &worker_statistics::half_closed), {{"code", "half_closed"}});
    out.add(sum(parts, &worker_statistics::cut_off), {{"code", "cut_off"}});
    out.add(sum(parts, &worker_statistics::lost), {{"code", "lost"}});
}

/// Only the pairs of method and code that have occurred: most cannot.
void write_access(text_writer& out, monitored const& parts)
{
    out.begin("porter_access_granted_total", kind::counter, "Connections that got access, by method.");
    for (std::size_t method = 0; method < method_names.size(); ++method) {
        auto const total = sum(parts, [&](worker_statistics const& each) { return each.granted[method].value(); });
        out.add(total, {{"method", method_names[method]}});
    }
    out.begin("porter_access_denied_total", kind::counter, "Requests for access that were denied, by method and code.");
    for (std::size_t method = 0; method < method_names.size(); ++method) {
        for_each_code([&](std::string_view name, std::size_t index) {
            auto const read = [&](worker_statistics const& each) { return each.access_denied[method][index].value(); };
            auto const total = sum(parts, read);
            if (total > 0) out.add(total, {{"method", method_names[method]}, {"code", name}});
        });
    }
    out.begin("porter_requests_denied_total", kind::counter, "Requests that were denied, of access too, by code.");
    for_each_code([&](std::string_view name, std::size_t index) {
        auto const read = [index](worker_statistics const& each) { return each.denied[index].value(); };
        out.add(sum(parts, read), {{"code", name}});
    });
}

void write_traffic(text_writer& out, monitored const& parts)
{
    out.write("porter_messages_received_total", kind::counter, "Messages received, as of the last second.",
              sum(parts, &worker_statistics::messages_in));
    out.write("porter_messages_sent_total", kind::counter, "Messages sent, as of the last second.",
              sum(parts, &worker_statistics::messages_out));
    out.write("porter_received_bytes_total", kind::counter, "Bytes of the frames received, headers included.",
              sum(parts, &worker_statistics::bytes_in));
    out.write("porter_sent_bytes_total", kind::counter, "Bytes of the frames sent, headers included.",
              sum(parts, &worker_statistics::bytes_out));
}

void write_threads(text_writer& out, monitored const& parts)
{
    auto const& hashes = parts.hasher.statistics();
    out.write("porter_hash_threads", kind::gauge, "Threads that hash passwords.", parts.hasher.thread_count());
    out.write("porter_hash_jobs_waiting", kind::gauge, "Passwords that wait for a thread.",
              parts.hasher.waiting_jobs());
    out.write("porter_hash_jobs_rejected_total", kind::counter, "Passwords that were not checked: the queue was full.",
              hashes.rejected.value());
    out.write("porter_hash_wait_seconds", kind::histogram, "How long a password waited for a thread.", hashes.waiting);
    out.write("porter_hash_duration_seconds", kind::histogram, "How long a thread worked on a password.",
              hashes.working);
    if (parts.tls == nullptr) return;
    auto const& threads = parts.tls->handshake_threads();
    out.write("porter_tls_handshakes", kind::gauge, "TLS handshakes in progress.",
              parts.tls->handshake_limiter().taken());
    out.write("porter_tls_hellos_waiting", kind::gauge, "ClientHellos that wait for a thread.", threads.pending());
    out.write("porter_tls_wait_seconds", kind::histogram, "How long a ClientHello waited for a thread.",
              threads.waiting());
    out.write("porter_tls_duration_seconds", kind::histogram, "How long a thread worked on a ClientHello.",
              threads.working());
}

void write_store(text_writer& out, monitored const& parts)
{
    if (parts.storage == nullptr) return;
    auto const& counted = *parts.storage->statistics;
    out.begin("porter_store_operation_duration_seconds", kind::histogram,
              "How long an operation of the store took, with the time in its queue.");
    out.add(counted.changes.latency, {{"lane", "changes"}});
    out.add(counted.lookups.latency, {{"lane", "lookups"}});
    out.begin("porter_store_operations_failed_total", kind::counter, "Operations of the store without an answer.");
    out.add(counted.changes.failed.value(), {{"lane", "changes"}});
    out.add(counted.lookups.failed.value(), {{"lane", "lookups"}});
    if (parts.storage->is_shared) {
        out.write("porter_store_journal_lag_seconds", kind::gauge,
                  "Since when ended sessions of other servers may be unknown.", parts.journal_lag());
        return;
    }
    out.begin("porter_store_batches_total", kind::counter,
              "Operations of a file that were done together count as one.");
    out.add(counted.changes.batches.value(), {{"lane", "changes"}});
    out.add(counted.lookups.batches.value(), {{"lane", "lookups"}});
}

void write_log(text_writer& out, monitored const& parts)
{
    if (parts.log == nullptr) return;
    out.write("porter_log_lines_lost_total", kind::counter, "Lines of the log that could not be written.",
              parts.log->lost_lines());
    out.write("porter_log_lines_suppressed_total", kind::counter,
              "Lines of the log that were too many of one network, as the event suppressed reports them.",
              parts.log->suppressed_lines());
}

std::uint64_t granted(monitored const& parts)
{
    return sum(parts, [](worker_statistics const& each) {
        std::uint64_t total = 0;
        for (auto const& by_method : each.granted) total += by_method.value();
        return total;
    });
}

std::uint64_t denied(monitored const& parts)
{
    return sum(parts, [](worker_statistics const& each) {
        std::uint64_t total = 0;
        for (auto const& by_code : each.denied) total += by_code.value();
        return total;
    });
}

std::string number_member(std::string_view name, std::uint64_t value)
{
    return '"' + std::string{name} + "\":" + std::to_string(value);
}

std::string problems_json(std::vector<problem> const& found)
{
    std::string list;
    for (auto const& each : found) {
        list += list.empty() ? "" : ",";
        list.append("{\"kind\":\"").append(each.kind).append("\",\"reason\":");
        log::append_json(list, each.reason);
        list += '}';
    }
    return '[' + list + ']';
}

}  // namespace

std::string metrics_text(monitored const& parts)
{
    text_writer out;
    write_health(out, parts);
    write_connections(out, parts);
    write_access(out, parts);
    write_traffic(out, parts);
    write_threads(out, parts);
    write_store(out, parts);
    write_log(out, parts);
    return out.text();
}

std::string status_json(monitored const& parts, std::string const& live)
{
    auto const problems = problems_of(facts_of(parts));
    auto const uptime = std::chrono::steady_clock::now() - parts.started_at;
    auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(uptime).count();
    std::string text = "{\"version\":\"" + std::string{version} + "\",";
    text += number_member("uptime_seconds", static_cast<std::uint64_t>(seconds)) + ',';
    text += "\"problems\":" + problems_json(problems) + ',';
    text += "\"connections\":{" + number_member("accepted", parts.server.accepted()) + ',';
    text += number_member("limit", parts.max_connections) + ',';
    text += number_member("access", sum(parts, &worker_statistics::before_access)) + ',';
    text += number_member("service", sum(parts, &worker_statistics::with_access)) + ',';
    text += number_member("closing", sum(parts, &worker_statistics::closing)) + "},";
    text += "\"access\":{" + number_member("granted", granted(parts)) + ',';
    text += number_member("denied", denied(parts)) + "},";
    text += "\"received\":{" + number_member("messages", sum(parts, &worker_statistics::messages_in)) + ',';
    text += number_member("bytes", sum(parts, &worker_statistics::bytes_in)) + "},";
    text += "\"sent\":{" + number_member("messages", sum(parts, &worker_statistics::messages_out)) + ',';
    text += number_member("bytes", sum(parts, &worker_statistics::bytes_out)) + "},";
    text += "\"waiting\":{" + number_member("passwords", parts.hasher.waiting_jobs()) + ',';
    text += number_member("hellos", parts.tls != nullptr ? parts.tls->handshake_threads().pending() : 0) + "},";
    bool const is_shared = parts.storage != nullptr && parts.storage->is_shared;
    text += "\"journal_lag_seconds\":" + (is_shared ? metrics::seconds_text(parts.journal_lag()) : "null") + ',';
    text += number_member("log_lines_lost", parts.log != nullptr ? parts.log->lost_lines() : 0) + ',';
    text += number_member("defects", parts.server.defects()) + ',';
    text += "\"live\":" + live + "}\n";
    return text;
}

}  // namespace porter::detail::library
