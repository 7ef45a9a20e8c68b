/* Which sanitizer watches this build, OCTI_ASAN and OCTI_TSAN, each 0 or 1: gcc tells it by a macro, clang by
 * a feature. */
#ifndef OCTI_SANITIZER_H
#define OCTI_SANITIZER_H

#ifdef __has_feature
#define OCTI_HAS_FEATURE(name) __has_feature(name)
#else
#define OCTI_HAS_FEATURE(name) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || OCTI_HAS_FEATURE(address_sanitizer)
#define OCTI_ASAN 1
#else
#define OCTI_ASAN 0
#endif

#if defined(__SANITIZE_THREAD__) || OCTI_HAS_FEATURE(thread_sanitizer)
#define OCTI_TSAN 1
#else
#define OCTI_TSAN 0
#endif

#endif
