/* oct/pairs.h - the counting that OCT_TASK and oct_submit are built on: 0 to 8 (type, name)
 * pairs, and 0 to 8 arguments. Nothing in here is for programs. */
#ifndef OCT_PAIRS_H
#define OCT_PAIRS_H

#define OCTI_CAT(a, b) OCTI_CAT_(a, b)
#define OCTI_CAT_(a, b) a##b
#define OCTI_STR(...) OCTI_STR_(__VA_ARGS__)
#define OCTI_STR_(...) #__VA_ARGS__

/* How many arguments there are, 0 to 16. */
#define OCTI_N(...)                                                                                          \
    OCTI_N_(__VA_ARGS__ __VA_OPT__(, ) 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define OCTI_N_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, n, ...) n

/* OCTI_PAIRS(M, S, c, T0, a0, T1, a1, ...): M(c, 0, T0, a0) S() M(c, 1, T1, a1) ... */
#define OCTI_PAIRS(M, S, c, ...)                                                                             \
    OCTI_CAT(OCTI_PAIRS_, OCTI_N(__VA_ARGS__))(M, S, c __VA_OPT__(, ) __VA_ARGS__)
#define OCTI_PAIRS_0(M, S, c)
#define OCTI_PAIRS_2(M, S, c, T0, a0) M(c, 0, T0, a0)
#define OCTI_PAIRS_4(M, S, c, T0, a0, T1, a1) M(c, 0, T0, a0) S() M(c, 1, T1, a1)
#define OCTI_PAIRS_6(M, S, c, T0, a0, T1, a1, T2, a2) M(c, 0, T0, a0) S() M(c, 1, T1, a1) S() M(c, 2, T2, a2)
#define OCTI_PAIRS_8(M, S, c, T0, a0, T1, a1, T2, a2, T3, a3)                                                \
    M(c, 0, T0, a0) S() M(c, 1, T1, a1) S() M(c, 2, T2, a2) S() M(c, 3, T3, a3)
#define OCTI_PAIRS_10(M, S, c, T0, a0, T1, a1, T2, a2, T3, a3, T4, a4)                                       \
    M(c, 0, T0, a0) S() M(c, 1, T1, a1) S() M(c, 2, T2, a2) S() M(c, 3, T3, a3) S() M(c, 4, T4, a4)
#define OCTI_PAIRS_12(M, S, c, T0, a0, T1, a1, T2, a2, T3, a3, T4, a4, T5, a5)                               \
    M(c, 0, T0, a0)                                                                                          \
    S() M(c, 1, T1, a1) S() M(c, 2, T2, a2) S() M(c, 3, T3, a3) S() M(c, 4, T4, a4) S() M(c, 5, T5, a5)
#define OCTI_PAIRS_14(M, S, c, T0, a0, T1, a1, T2, a2, T3, a3, T4, a4, T5, a5, T6, a6)                       \
    M(c, 0, T0, a0)                                                                                          \
    S()                                                                                                      \
    M(c, 1, T1, a1)                                                                                          \
    S() M(c, 2, T2, a2) S() M(c, 3, T3, a3) S() M(c, 4, T4, a4) S() M(c, 5, T5, a5) S() M(c, 6, T6, a6)
#define OCTI_PAIRS_16(M, S, c, T0, a0, T1, a1, T2, a2, T3, a3, T4, a4, T5, a5, T6, a6, T7, a7)               \
    M(c, 0, T0, a0)                                                                                          \
    S()                                                                                                      \
    M(c, 1, T1, a1)                                                                                          \
    S()                                                                                                      \
    M(c, 2, T2, a2)                                                                                          \
    S() M(c, 3, T3, a3) S() M(c, 4, T4, a4) S() M(c, 5, T5, a5) S() M(c, 6, T6, a6) S() M(c, 7, T7, a7)

/* OCTI_EACH(M, c, x0, x1, ...): M(c, 0, x0), M(c, 1, x1), ... */
#define OCTI_EACH(M, c, ...) OCTI_CAT(OCTI_EACH_, OCTI_N(__VA_ARGS__))(M, c __VA_OPT__(, ) __VA_ARGS__)
#define OCTI_EACH_0(M, c)
#define OCTI_EACH_1(M, c, x0) M(c, 0, x0)
#define OCTI_EACH_2(M, c, x0, x1) M(c, 0, x0), M(c, 1, x1)
#define OCTI_EACH_3(M, c, x0, x1, x2) M(c, 0, x0), M(c, 1, x1), M(c, 2, x2)
#define OCTI_EACH_4(M, c, x0, x1, x2, x3) M(c, 0, x0), M(c, 1, x1), M(c, 2, x2), M(c, 3, x3)
#define OCTI_EACH_5(M, c, x0, x1, x2, x3, x4) M(c, 0, x0), M(c, 1, x1), M(c, 2, x2), M(c, 3, x3), M(c, 4, x4)
#define OCTI_EACH_6(M, c, x0, x1, x2, x3, x4, x5)                                                            \
    M(c, 0, x0), M(c, 1, x1), M(c, 2, x2), M(c, 3, x3), M(c, 4, x4), M(c, 5, x5)
#define OCTI_EACH_7(M, c, x0, x1, x2, x3, x4, x5, x6)                                                        \
    M(c, 0, x0), M(c, 1, x1), M(c, 2, x2), M(c, 3, x3), M(c, 4, x4), M(c, 5, x5), M(c, 6, x6)
#define OCTI_EACH_8(M, c, x0, x1, x2, x3, x4, x5, x6, x7)                                                    \
    M(c, 0, x0), M(c, 1, x1), M(c, 2, x2), M(c, 3, x3), M(c, 4, x4), M(c, 5, x5), M(c, 6, x6), M(c, 7, x7)

/* The same, counting from 1: the arguments after the first. */
#define OCTI_REST(M, c, ...) OCTI_CAT(OCTI_REST_, OCTI_N(__VA_ARGS__))(M, c __VA_OPT__(, ) __VA_ARGS__)
#define OCTI_REST_0(M, c)
#define OCTI_REST_1(M, c, x0) , M(c, 1, x0)
#define OCTI_REST_2(M, c, x0, x1) , M(c, 1, x0), M(c, 2, x1)
#define OCTI_REST_3(M, c, x0, x1, x2) , M(c, 1, x0), M(c, 2, x1), M(c, 3, x2)
#define OCTI_REST_4(M, c, x0, x1, x2, x3) , M(c, 1, x0), M(c, 2, x1), M(c, 3, x2), M(c, 4, x3)
#define OCTI_REST_5(M, c, x0, x1, x2, x3, x4)                                                                \
    , M(c, 1, x0), M(c, 2, x1), M(c, 3, x2), M(c, 4, x3), M(c, 5, x4)
#define OCTI_REST_6(M, c, x0, x1, x2, x3, x4, x5)                                                            \
    , M(c, 1, x0), M(c, 2, x1), M(c, 3, x2), M(c, 4, x3), M(c, 5, x4), M(c, 6, x5)
#define OCTI_REST_7(M, c, x0, x1, x2, x3, x4, x5, x6)                                                        \
    , M(c, 1, x0), M(c, 2, x1), M(c, 3, x2), M(c, 4, x3), M(c, 5, x4), M(c, 6, x5), M(c, 7, x6)

/* M(x0) + M(x1) + ... */
#define OCTI_EACH_SUM(M, ...) OCTI_CAT(OCTI_SUM_, OCTI_N(__VA_ARGS__))(M, __VA_ARGS__)
#define OCTI_SUM_1(M, x0) M(x0)
#define OCTI_SUM_2(M, x0, x1) M(x0) + M(x1)
#define OCTI_SUM_3(M, x0, x1, x2) M(x0) + M(x1) + M(x2)
#define OCTI_SUM_4(M, x0, x1, x2, x3) M(x0) + M(x1) + M(x2) + M(x3)
#define OCTI_SUM_5(M, x0, x1, x2, x3, x4) M(x0) + M(x1) + M(x2) + M(x3) + M(x4)
#define OCTI_SUM_6(M, x0, x1, x2, x3, x4, x5) M(x0) + M(x1) + M(x2) + M(x3) + M(x4) + M(x5)
#define OCTI_SUM_7(M, x0, x1, x2, x3, x4, x5, x6) M(x0) + M(x1) + M(x2) + M(x3) + M(x4) + M(x5) + M(x6)
#define OCTI_SUM_8(M, x0, x1, x2, x3, x4, x5, x6, x7)                                                        \
    M(x0) + M(x1) + M(x2) + M(x3) + M(x4) + M(x5) + M(x6) + M(x7)

#define OCTI_COMMA() ,
#define OCTI_NOTHING()

/* 1 when the type is spelled `void`, else 0. */
#define OCTI_IS_VOID(R) OCTI_SECOND(OCTI_SPELLED_##R, 0, 0)
#define OCTI_SPELLED_void 0, 1
#define OCTI_SECOND(...) OCTI_SECOND_(__VA_ARGS__)
#define OCTI_SECOND_(a, b, ...) b

#endif
