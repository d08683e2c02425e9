#include <fmt/format.h>

#include "base/text.hpp"
#include "programs/porterctl/command.hpp"
#include "programs/porterctl/opening.hpp"

namespace porter::programs {

namespace {

using rooms::config::exit_code;

exit_code why(context& given)
{
    auto const db = open_to_read(given);
    auto const owner = account_of(*db, given.arguments[0]);
    given.out.show({{{"name", owner.name}}});
    return exit_code::ok;
}

constexpr command table[] = {
    {"why", "", "NAME [ADDRESS]", 1, 2, "", "what would happen to a login now, and which rule says so", "",
     "  porterctl why Alice 192.0.2.7\n", why},
};

}  // namespace

std::span<command const> why_commands()
{
    return table;
}

}  // namespace porter::programs
