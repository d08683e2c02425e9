#pragma once

#include "tls/ciphertext.hpp"

struct bio_st;

namespace porter::detail::tls {

/// A BIO that reads the input of `bytes` and appends to its output. While there is no input and it has not ended, a
/// read asks for a retry. The caller frees the BIO; `bytes` must outlive it. Throws std::bad_alloc.
bio_st* make_bio(ciphertext& bytes);

}  // namespace porter::detail::tls
