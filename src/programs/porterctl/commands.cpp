#include "programs/porterctl/command.hpp"

namespace porter::programs {

std::string name_of(command const& one)
{
    return std::string{one.noun} + (one.verb.empty() ? "" : " ") + std::string{one.verb};
}

std::vector<command const*> all_commands()
{
    std::vector<command const*> all;
    for (auto const& some :
         {accounts_commands(), sessions_commands(), addresses_commands(), why_commands(), db_commands()}) {
        for (auto const& one : some) all.push_back(&one);
    }
    return all;
}

}  // namespace porter::programs
