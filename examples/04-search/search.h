/* search.h - which support vector machine tells handwritten digits best.
 *
 * An SVM with a Gaussian kernel is chosen by three numbers, which nobody can compute beforehand: C, what a
 * digit on the wrong side costs; gamma, how near two digits must be to be alike; tol, when to stop. So one
 * tries: Bergstra and Bengio, "Random Search for Hyper-Parameter Optimization", JMLR 13, 2012. The machine
 * itself is libsvm: Chang and Lin, "LIBSVM: a library for support vector machines", ACM TIST 2, 2011. */
#ifndef SEARCH_H
#define SEARCH_H

#include <stddef.h>
#include <stdint.h>

#include <oct/error.h>
#include <oct/value.h>

enum { SEARCH_CANDIDATES = 24, SEARCH_SPLITS = 3, SEARCH_TRIALS = SEARCH_CANDIDATES * SEARCH_SPLITS };

/* The ranges that C and gamma are drawn from, evenly in their logarithms. */
#define SEARCH_C_LOW 0.01
#define SEARCH_C_HIGH 1000.0
#define SEARCH_GAMMA_LOW 1e-4
#define SEARCH_GAMMA_HIGH 10.0

/* A candidate, and by which of the random splits it is tried. A plain value, so it travels to any node. */
typedef struct trial {
    double c, gamma, tol;
    int candidate;
    int split;
} trial;

/* All trials: each candidate by each split, those of one candidate one after another. */
void search_plan(trial trials[SEARCH_TRIALS]);

/* Trains with the trial's numbers on two thirds of the digits, which its split draws, and tells the share
 * of the others that the machine gets right. OCT_E_INVALID where there are too few digits to split. Any
 * thread; the answer is the same wherever it is computed. */
oct_err search_score(oct_bytes digits, trial t, double *accuracy, oct_error *err);

/* Prints the best candidates, by the mean of their splits, and the map of scores on stdout, the same
 * whatever computed them, and the time on stderr; draws the map in folder/score-map.svg. */
void search_report(const trial trials[SEARCH_TRIALS], const double accuracy[SEARCH_TRIALS],
                   const char *folder, double seconds);

#endif
