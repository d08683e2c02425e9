#include "programs/porterctl/account_lines.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "auth/encoding.hpp"
#include "auth/stored_hash.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"
#include "porter/result.hpp"

namespace porter::programs {

namespace {

namespace auth = detail::auth;
namespace base = detail::base;

constexpr std::size_t longest_line = 4'096;  // bytes: a name has at most 1,024, a hash some hundred
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

/// The account, or the reason why the line is refused.
using read_line_result = result<account_line, std::string>;

read_line_result read_line(std::string_view line, base::hash_cost const& most)
{
    auto const reject = [](std::string_view reason) { return unexpected(std::string{reason}); };
    if (line.size() > longest_line) return reject("the line is longer than 4096 bytes");
    if (line.find('\0') != std::string_view::npos) return reject("the line has a NUL");
    if (!base::valid_utf8(line)) return reject("the line is not UTF-8");
    auto const fields = auth::split(line, '\t');
    if (fields.size() < 2) return reject("there is no tab between name and hash");
    if (fields.size() > 3) return reject("there are more than three fields");
    auto name = base::normalise_new_name(fields[0]);
    if (!name) return unexpected(name.error());
    auto hash = auth::read_imported_hash(fields[1], most);
    if (!hash) return reject(hash.error());
    auto const state = fields.size() == 3 ? fields[2] : std::string_view{"enabled"};
    if (state != "enabled" && state != "disabled") return reject("the third field is neither enabled nor disabled");
    account_line read;
    read.name = std::move(*name);
    read.folded_name = base::fold_name(read.name);
    read.hash = std::move(*hash);
    read.is_disabled = state == "disabled";
    return read;
}

}  // namespace

std::size_t account_lines::refused_count() const noexcept
{
    std::size_t count = 0;
    for (auto const& [reason, lines] : refused) count += lines.size();
    return count;
}

account_lines read_account_lines(std::string_view text, base::hash_cost const& most)
{
    account_lines read;
    std::set<std::string> names;
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    for (std::size_t number = 1; !text.empty(); ++number) {
        auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty()) continue;
        auto account = read_line(line, most);
        if (!account) {
            read.refused[account.error()].push_back(number);
        } else if (!names.insert(account->folded_name).second) {
            read.refused["the name is on an earlier line, too"].push_back(number);
        } else {
            read.accounts.push_back(std::move(*account));
        }
    }
    return read;
}

}  // namespace porter::programs
