// Prints for each line of standard input whether porterd would accept it as a new password: `taken` or `refused`. With
// a filter (see make_filter.py) as its argument it uses that filter instead of the built-in one.
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

#include "auth/common_passwords.hpp"
#include "auth/password.hpp"
#include "auth/strength.hpp"

namespace {

using namespace porter::detail;

constexpr std::size_t shortest = 8;                        // porterd's default
constexpr std::string_view of_account = "Quist Vandevlo";  // on no list

bool is_accepted(std::string_view typed, auth::common_passwords const& common)
{
    static auth::password_policy const policy{shortest};
    auto const password = policy.check(base::secret{typed});
    return password && !auth::strength_error(*password, of_account, common);
}

void print_results(auth::common_passwords const& common)
{
    for (std::string line; std::getline(std::cin, line);) {
        std::cout << (is_accepted(line, common) ? "taken\n" : "refused\n");
    }
}

}  // namespace

int main(int count, char** arguments)
{
    std::ios::sync_with_stdio(false);
    if (count < 2) {
        print_results(auth::common_passwords::built_in());
        return 0;
    }
    std::ifstream input{arguments[1], std::ios::binary};
    std::vector<unsigned char> const file{std::istreambuf_iterator<char>{input}, {}};
    print_results(auth::common_passwords{file});
    return 0;
}
