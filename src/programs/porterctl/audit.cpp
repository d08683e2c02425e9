#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>

#include "base/text.hpp"
#include "base/utf8.hpp"
#include "config/option_error.hpp"
#include "config/values.hpp"
#include "programs/porterctl/command.hpp"
#include "programs/porterctl/database_file.hpp"
#include "programs/porterctl/open_database.hpp"
#include "store/audit_key.hpp"
#include "tls/key_files.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;
namespace config = detail::config;
using config::exit_code;

[[noreturn]] void reject_time(std::string const& typed)
{
    throw config::option_error{
        exit_code::usage,
        fmt::format("--since: \"{}\" is neither a time such as 2026-11-30, 2026-11-30T18:02 or 2026-11-30T18:02:00Z "
                    "(UTC) nor how long ago, such as 12h or 7d",
                    base::escape(typed))};
}

/// The number that a text of digits is; -1: it is something else.
int number_of(std::string_view digits)
{
    int number = 0;
    auto const* const end = digits.data() + digits.size();
    auto const read = std::from_chars(digits.data(), end, number);
    return read.ec == std::errc{} && read.ptr == end && number >= 0 ? number : -1;
}

/// YYYY-MM-DD, YYYY-MM-DDThh:mm, YYYY-MM-DDThh:mm:ss, with a space instead of T and Z after it.
std::optional<base::timestamp> parse_date(std::string_view text)
{
    if (text.ends_with('Z')) text.remove_suffix(1);
    bool const has_time = text.size() == 16 || text.size() == 19;
    if ((text.size() != 10 && !has_time) || text[4] != '-' || text[7] != '-') return std::nullopt;
    using namespace std::chrono;
    year_month_day const date{year{number_of(text.substr(0, 4))},
                              month{static_cast<unsigned>(number_of(text.substr(5, 2)))},
                              day{static_cast<unsigned>(number_of(text.substr(8, 2)))}};
    if (number_of(text.substr(0, 4)) < 0 || !date.ok()) return std::nullopt;
    base::timestamp const midnight{sys_days{date}.time_since_epoch()};
    if (!has_time) return midnight;
    int const hour = number_of(text.substr(11, 2));
    int const minute = number_of(text.substr(14, 2));
    int const second = text.size() == 19 ? number_of(text.substr(17, 2)) : 0;
    bool const is_punctuated =
        (text[10] == 'T' || text[10] == ' ') && text[13] == ':' && (text.size() == 16 || text[16] == ':');
    bool const is_possible = hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60;
    if (!is_punctuated || !is_possible) return std::nullopt;
    return midnight + hours{hour} + minutes{minute} + seconds{second};
}

std::optional<base::timestamp> parse_since(std::optional<std::string> const& typed)
{
    if (!typed) return std::nullopt;
    if (auto const date = parse_date(*typed)) return date;
    auto const ago = config::parse_duration(*typed);
    if (!ago) reject_time(*typed);
    return now() - std::chrono::ceil<std::chrono::seconds>(*ago);
}

/// An account that exists, by its id, with the rows before it was renamed; or one that was deleted, by its name.
store::audit_filter filter_of(context const& ctx, store::administration& db)
{
    store::audit_filter filter{.since = parse_since(ctx.since)};
    if (ctx.account.empty()) return filter;
    filter.account = ctx.account;
    auto const name = base::normalise_name(ctx.account);
    if (!name) return filter;
    filter.account = *name;
    if (auto const found = db.find_account(base::fold_name(*name))) {
        filter.account = found->name;
        filter.account_id = found->id;
    }
    return filter;
}

record record_of(store::audit_row const& row)
{
    return {{{"id", row.id},
             {"changed_at", row.at},
             {"actor", row.actor},
             {"action", row.action},
             {"account", row.account},
             {"object", row.object},
             {"before", row.before},
             {"after", row.after},
             {"sealed", row.number != 0}}};
}

exit_code list(context& ctx)
{
    auto const db = open_to_read(ctx);
    std::vector<record> rows;
    for (auto const& row : db->list_audit(filter_of(ctx, *db))) rows.push_back(record_of(row));
    ctx.out.list(rows, "No change is recorded.", std::array<std::string_view, 4>{"sealed", "id", "before", "object"});
    return exit_code::ok;
}

[[noreturn]] void reject_without_key(std::string const& advice)
{
    throw config::option_error{exit_code::not_found, "the key of the audit is not here: " + advice};
}

store::audit_key key_of(context const& ctx)
{
    if (is_database_url(ctx.database())) {
        auto const file = ctx.tls_key.empty() ? ctx.configuration.server.tls_key : std::filesystem::path{ctx.tls_key};
        if (file.empty()) reject_without_key("--tls-key FILE names the TLS key that the servers share");
        return store::derive_audit_key(detail::tls::to_pem(*detail::tls::load_key(file)).view());
    }
    auto const file = audit_key_file(ctx);
    auto const key = store::read_audit_key(file);
    if (!key) {
        reject_without_key(fmt::format("there is no {}, which porterd creates; --data-dir DIR names its directory",
                                       base::escape(file.string())));
    }
    return *key;
}

exit_code verify(context& ctx)
{
    auto const key = key_of(ctx);
    auto const db = open_to_read(ctx);
    auto const report = db->verify_audit(key);
    bool const is_ok = report.faults.empty();
    ctx.out.show({{{"state", is_ok ? "ok" : "changed"},
                   {"sealed", count_of(report.sealed)},
                   {"unsealed", count_of(report.unsealed)},
                   {"last_number", report.last_number},
                   {"last_seal", report.last_seal},
                   {"faults", report.faults}}});
    if (is_ok) return exit_code::ok;
    throw config::option_error{exit_code::bad_data,
                               fmt::format("the audit in {} has {}, the first: {}", base::escape(db->display_name()),
                                           quantity(report.faults.size(), "fault"), report.faults.front())};
}

constexpr command table[] = {
    {"audit", "list", "", 0, 0, "since account", "who changed what, the last change at the end",
     "Columns: id, when, who (user: the account's own; porterd; porterctl and its user; shell: typed as SQL), what\n"
     "was done, the account's name at that time, the session, address or network, before, after, and whether the\n"
     "row is sealed. With --account also the rows of the account's earlier names.\n",
     "  porterctl audit list --since 24h\n"
     "  porterctl audit list --account Alice --json\n",
     list},
    {"audit", "verify", "", 0, 0, "tls-key", "check that no row was changed or cut away",
     "Exit code 65 if one was: each fault names the row. Rows that porterd has not sealed yet, a second after the\n"
     "change or while it is stopped, are counted. Of a file the key is audit.key in the data directory; that of a\n"
     "PostgreSQL database is derived from --tls-key. An older copy of the whole database has no fault: compare\n"
     "last number and last seal with the last audit_sealed in porterd's log.\n",
     "  porterctl audit verify\n"
     "  porterctl audit verify --data-dir /var/lib/porter --json\n",
     verify},
};

}  // namespace

std::span<command const> audit_commands()
{
    return table;
}

}  // namespace porter::programs
