#pragma once

#include "tls/ciphertext.hpp"

struct bio_st;

namespace porter::detail::tls {

/// OpenSSL's view of the ciphertext: a BIO that reads its input and adds to its output, and owns neither. No input is
/// "try again" until the input has ended. Whoever is given it frees it; `bytes` outlives it. Throws std::bad_alloc.
bio_st* make_bio(ciphertext& bytes);

}  // namespace porter::detail::tls
