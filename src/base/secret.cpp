#include "base/secret.hpp"

#include <sodium/utils.h>

#include <utility>

namespace porter {

secret::secret(secret&& other) noexcept : text_(std::exchange(other.text_, {})) {}

secret& secret::operator=(secret&& other) noexcept
{
    if (this != &other) {
        wipe();
        text_ = std::exchange(other.text_, {});
    }
    return *this;
}

secret::~secret()
{
    wipe();
}

void secret::wipe() noexcept
{
    sodium_memzero(text_.data(), text_.size());
}

void wipe(std::string& text) noexcept
{
    sodium_memzero(text.data(), text.size());
    text.clear();
}

}  // namespace porter
