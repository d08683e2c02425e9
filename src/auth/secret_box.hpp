#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"
#include "store/records.hpp"

namespace porter::detail::auth {

/// A new key of a secret_box: 32 random bytes.
base::secret new_box_key();

/// A key derived from another secret, such as one that all servers of a store have anyway. It does not reveal that one.
base::secret derive_box_key(std::string_view secret);

/// The size of a key.
inline constexpr std::size_t box_key_size = 32;

/// A key as its file has it: 64 hexadecimal digits and a line feed.
base::secret text_of_box_key(base::secret const& key);

/// The key in the text of a file; none: it has another form.
std::optional<base::secret> box_key_from(std::string_view text);

/// Encrypts the secrets of second factors for the store (XChaCha20-Poly1305), so that a copy of a database is not
/// enough to make codes. What is sealed for one account cannot be opened for another. Safe from any thread.
class secret_box {
public:
    /// `keys`: at least one; the first one seals, and each opens. Throws std::invalid_argument for any other size than
    /// box_key_size.
    explicit secret_box(std::vector<base::secret> keys);

    /// The sealed bytes: other ones each time.
    std::string seal(std::string_view secret, store::account_id account) const;

    /// The secret; none: no key opens it, because it was sealed by another key or for another account, or was changed.
    std::optional<base::secret> open(std::string_view sealed, store::account_id account) const;

private:
    std::vector<base::secret> keys_;
};

}  // namespace porter::detail::auth
