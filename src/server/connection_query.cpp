#include "server/connection_query.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

#include "base/text.hpp"

namespace porter::detail::server {
namespace {

/// Folding takes a microsecond a name, on an I/O thread with thousands of them, so ASCII names, which most are, are
/// compared without it.
bool folds_to(std::string_view name, std::string_view folded)
{
    auto const is_ascii = [](char letter) { return static_cast<unsigned char>(letter) < 0x80; };
    auto const lower = [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    };
    if (!std::ranges::all_of(name, is_ascii)) return base::fold_name(name) == folded;
    return std::ranges::equal(name, folded, {}, lower);
}

template <typename Value>
int order_of(Value const& a, Value const& b)
{
    return std::less<>{}(a, b) ? -1 : std::less<>{}(b, a) ? 1 : 0;
}

int compare(connection_query::key by, connection_sort_values const& a, connection_sort_values const& b)
{
    switch (by) {
        case connection_query::key::account:
            return order_of(a.name, b.name);
        case connection_query::key::address:
            return order_of(a.address, b.address);
        case connection_query::key::phase:
            return order_of(a.phase, b.phase);
        case connection_query::key::messages:
            return order_of(a.messages, b.messages);
        case connection_query::key::bytes:
            return order_of(a.bytes, b.bytes);
        case connection_query::key::id:
            break;
    }
    return order_of(a.id, b.id);
}

connection_sort_values values_of(connection_query const& query, connection_info const& info)
{
    connection_sort_values values;
    values.id = info.id;
    values.name = info.name;
    values.phase = info.phase;
    values.messages = info.messages_in + info.messages_out;
    values.bytes = info.bytes_in + info.bytes_out;
    if (query.by == connection_query::key::address) values.address = asio::ip::make_address(info.address);
    return values;
}

}  // namespace

bool connection_query::selects(std::string_view name, asio::ip::address const& address) const
{
    if (network && !network->contains(address)) return false;
    return folded_name.empty() || folds_to(name, folded_name);
}

bool precedes(connection_query const& query, connection_sort_values const& a, connection_sort_values const& b) noexcept
{
    auto const order = compare(query.by, a, b);
    if (order != 0) return query.is_descending ? order > 0 : order < 0;
    return query.is_descending ? a.id > b.id : a.id < b.id;
}

void connection_sample::append(connection_sample other)
{
    for (std::size_t phase = 0; phase < phases.size(); ++phase) phases[phase] += other.phases[phase];
    selected += other.selected;
    std::ranges::move(other.rows, std::back_inserter(rows));
}

void connection_sample::arrange(connection_query const& query)
{
    std::vector<std::pair<connection_sort_values, std::size_t>> order;
    for (std::size_t at = 0; at < rows.size(); ++at) order.emplace_back(values_of(query, rows[at]), at);
    std::ranges::sort(order, [&query](auto const& a, auto const& b) { return precedes(query, a.first, b.first); });
    if (order.size() > query.limit) order.resize(query.limit);
    std::vector<connection_info> arranged;
    for (auto const& [values, at] : order) arranged.push_back(rows[at]);
    rows = std::move(arranged);
}

}  // namespace porter::detail::server
