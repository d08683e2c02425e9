// The encryption of second factors in the store (promise P11).
#include <stdexcept>
#include <utility>

#include "auth/secret_box.hpp"
#include "support/catch.hpp"

using namespace porter::detail::auth;
using porter::secret;

namespace {

secret_box box_of(secret const& first, secret const* second = nullptr)
{
    std::vector<secret> keys;
    keys.push_back(first.clone());
    if (second != nullptr) keys.push_back(second->clone());
    return secret_box{std::move(keys)};
}

}  // namespace

TEST_CASE("what is sealed for an account is opened for it alone and by its key alone")
{
    auto const key = new_box_key();
    auto const box = box_of(key);
    auto const sealed = box.seal("a secret", 7);
    CHECK(sealed.find("a secret") == std::string::npos);
    CHECK(sealed != box.seal("a secret", 7));
    REQUIRE(box.open(sealed, 7));
    CHECK(box.open(sealed, 7)->view() == "a secret");
    CHECK_FALSE(box.open(sealed, 8));
    CHECK_FALSE(box_of(new_box_key()).open(sealed, 7));
    CHECK_FALSE(box.open("", 7));
    for (std::size_t at = 0; at < sealed.size(); ++at) {
        auto changed = sealed;
        changed[at] = static_cast<char>(changed[at] ^ 1);
        CHECK_FALSE(box.open(changed, 7));
        CHECK_FALSE(box.open(sealed.substr(0, at), 7));
    }
}

TEST_CASE("of several keys the first seals and each opens")
{
    auto const former = new_box_key();
    auto const current = new_box_key();
    auto const sealed = box_of(former).seal("a secret", 7);
    auto const both = box_of(current, &former);
    REQUIRE(both.open(sealed, 7));
    CHECK(box_of(current).open(both.seal("another", 7), 7)->view() == "another");
}

TEST_CASE("a key is derived from another secret and has one text")
{
    auto const key = derive_box_key("the key of a server");
    CHECK(key.view() == derive_box_key("the key of a server").view());
    CHECK(key.view() != derive_box_key("the key of another one").view());
    auto const text = text_of_box_key(key);
    CHECK(text.view().size() == 65);
    REQUIRE(box_key_from(text.view()));
    CHECK(box_key_from(text.view())->view() == key.view());
    for (auto const& other : {std::string{}, std::string{text.view().substr(1)}, std::string{text.view()} + "\n",
                              "g" + std::string{text.view().substr(1)}, std::string(65, 'a')}) {
        CHECK_FALSE(box_key_from(other));
    }
}

TEST_CASE("a box needs keys of the right size")
{
    CHECK_THROWS_AS(secret_box{std::vector<secret>{}}, std::invalid_argument);
    std::vector<secret> short_one;
    short_one.emplace_back("short");
    CHECK_THROWS_AS(secret_box{std::move(short_one)}, std::invalid_argument);
}
