// The contracts that the oracle judges: limits, deductibles, atoms, rare and frequent claims, light and heavy tails, small
// and large money, both profiles. `unit` divides every amount that a payment takes with a probability of its own.
import type { ProfileName } from './profile.ts'

export interface OracleSet {
  readonly name: string
  readonly args: { readonly iterations: number; readonly [name: string]: unknown }
  readonly profile: ProfileName
  readonly unit: number | null
  /** The second moment of the law is that of years to come: the mean and all that ranks say are judged, no more. */
  readonly heavy?: true
}

const YEARS = 100_000_000
/** Of the contract with 200 claims a year, so that it draws seven times as much as the founding request, not seventy. */
const FREQUENT_YEARS = YEARS / 10

/** The usual levels and two that are not. */
const asked = { iterations: YEARS, quantiles: [0.3, 0.5, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9999], oep: true }
const founding = { ...asked, claim_freq: 2, claim_severity_mu: 6, claim_severity_sig: 1 }

export const oracleSets: readonly OracleSet[] = [
  {
    name: 'frequent claims under every layer',
    args: {
      ...asked,
      iterations: FREQUENT_YEARS,
      claim_freq: 200,
      claim_severity_mu: 4.2,
      claim_severity_sig: 0.8,
      deductible: 30,
      policy_limit: 400,
      aggregate_deductible: 250,
      aggregate_limit: 17_000,
      cat_prob: 0.2,
      cat_mu: 6,
      cat_sig: 0.7,
      cat_limit: 1500,
    },
    profile: 'narrow',
    unit: 100,
  },
  { name: 'the founding request', args: founding, profile: 'narrow', unit: 50_000 },
  {
    name: 'an aggregate limit of 20,000',
    args: { ...founding, aggregate_limit: 20_000 },
    profile: 'narrow',
    unit: 50_000,
  },
  {
    name: 'a policy limit of 5,000 and an aggregate limit of 10,000',
    args: { ...founding, policy_limit: 5000, aggregate_limit: 10_000 },
    profile: 'narrow',
    unit: 5000,
  },
  {
    name: 'no catastrophe and no limit',
    args: { ...founding, cat_prob: 0, policy_limit: null, aggregate_limit: null },
    profile: 'narrow',
    unit: null,
  },
  {
    name: 'a deductible of each claim and one of the year',
    args: {
      ...asked,
      claim_freq: 3.5,
      claim_severity_mu: 7,
      claim_severity_sig: 1.4,
      deductible: 500,
      policy_limit: 20_000,
      aggregate_deductible: 2000,
      aggregate_limit: 60_000,
      cat_prob: 0.05,
      cat_mu: 10,
      cat_sig: 1.2,
      cat_limit: 40_000,
    },
    profile: 'narrow',
    unit: 20_000,
  },
  {
    name: 'rare claims and catastrophes of one year in a million',
    args: {
      ...asked,
      claim_freq: 0.01,
      claim_severity_mu: 6,
      claim_severity_sig: 1,
      policy_limit: 20_000,
      aggregate_limit: null,
      cat_prob: 1e-6,
      cat_mu: 14,
      cat_sig: 2,
      cat_limit: 4_000_000,
    },
    profile: 'narrow',
    unit: 20_000,
  },
  {
    name: 'a heavy tail, sigma 2.5, under limits',
    args: {
      ...asked,
      claim_freq: 1.2,
      claim_severity_mu: 5,
      claim_severity_sig: 2.5,
      deductible: 100,
      policy_limit: 100_000,
      aggregate_limit: 300_000,
    },
    profile: 'narrow',
    unit: 100_000,
  },
  {
    name: 'a tail without limit, sigma 3',
    args: {
      ...asked,
      claim_freq: 1.5,
      claim_severity_mu: 4,
      claim_severity_sig: 3,
      policy_limit: null,
      aggregate_limit: null,
      cat_prob: 0,
    },
    profile: 'wide',
    unit: null,
    heavy: true,
  },
  {
    // The points lie on borders of the table's rows, where the table is the contract's quantile function itself.
    name: 'severities as data, with atoms',
    args: {
      ...asked,
      claim_freq: 1.5,
      claim_severity: {
        kind: 'empirical',
        quantiles: [
          [0, 0],
          [0.125, 0],
          [0.5, 1000],
          [0.6875, 1000],
          [0.875, 5000],
          [1, 21_000],
        ],
      },
      deductible: 250,
      policy_limit: 12_750,
      cat_prob: 0.03,
      cat_severity: {
        kind: 'empirical',
        quantiles: [
          [0, 10_000],
          [0.5, 30_000],
          [0.75, 30_000],
          [1, 80_000],
        ],
      },
      cat_limit: 55_000,
      aggregate_limit: 90_000,
    },
    profile: 'narrow',
    unit: 250,
  },
  {
    name: 'small money, a thousandth a claim',
    args: {
      ...asked,
      claim_freq: 2.5,
      claim_severity_mu: -6.9,
      claim_severity_sig: 1.1,
      deductible: 2 ** -13,
      policy_limit: 2 ** -7,
      cat_mu: -4,
      cat_sig: 1,
      cat_limit: 2 ** -5,
      aggregate_limit: 2 ** -5,
    },
    profile: 'narrow',
    unit: 2 ** -7,
  },
  {
    name: 'large money, the wide profile under limits',
    args: {
      ...asked,
      claim_freq: 0.8,
      claim_severity_mu: 18,
      claim_severity_sig: 1.5,
      deductible: 1e7,
      policy_limit: 5e9,
      cat_prob: 0.01,
      cat_mu: 22,
      cat_sig: 1,
      cat_limit: 1e10,
      aggregate_limit: 4e10,
    },
    profile: 'wide',
    unit: 5e9,
  },
  {
    name: 'nothing but atoms: claims that all exceed their limit',
    args: {
      ...asked,
      // Every year lies in a bin that is asked for, and a job lists no more than 2^26 of them.
      iterations: YEARS / 10,
      claim_freq: 3,
      claim_severity: {
        kind: 'empirical',
        quantiles: [
          [0, 60],
          [1, 70],
        ],
      },
      policy_limit: 50,
      cat_prob: 0.25,
      cat_severity: {
        kind: 'empirical',
        quantiles: [
          [0, 500],
          [1, 500],
        ],
      },
      cat_limit: null,
      aggregate_limit: 800,
    },
    profile: 'narrow',
    unit: 50,
  },
]
