// Some generated requests for every route; generated.slow.ts makes 20,000.
import { testGenerated } from './generated.case.ts'

testGenerated(8)
